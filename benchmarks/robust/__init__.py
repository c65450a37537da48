"""One ligand's score from two preparers, and from fresh poses: which protocol agrees?"""
