"""Which pretrained weights molecules are proposed by."""

WEIGHTS_SHA256 = "9e22e755b5d47da3c678bc19073e4f4af12ae061c91a7e5382cea67e30fad97b"
"""Of the file of weights in the wheel of ``annalog`` 1.0.6."""
