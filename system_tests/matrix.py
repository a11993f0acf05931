"""The machines that Quire must boot on, and the few of them that hold every pair."""

from system_tests import pairwise
from tools.machine.config import MACHINES, MachineConfig

MEDIA = ("ide", "ahci", "virtio", "nvme", "usb", "sd")
MEMORY = ("32M", "128M", "3G", "4G", "6G")
# In order of what they have: NX alone; XSAVE and RDTSCP; SMEP; SMAP; 1 GiB pages; UMIP, PKU and
# LA57; all that QEMU knows.
CPUS = ("qemu64", "Nehalem", "IvyBridge", "Skylake-Client", "EPYC", "Icelake-Server", "max")

FACTORS = (MACHINES, MEDIA, MEMORY, CPUS)
ROWS = pairwise.cover(FACTORS)


def config_of(row):
    machine, medium, memory, cpu = row
    return MachineConfig(machine=machine, medium=medium, memory=memory, cpu=cpu)
