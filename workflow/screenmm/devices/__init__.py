"""What computes: OpenMM's platforms, Vulkan adapters, leases, drivers' errors."""
