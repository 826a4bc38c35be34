"""`python -m crash`: a long campaign. N kills; CRASH_SEED repeats one."""

import os
import sys
import time

from conftest import binary_path

from .campaign import Campaign

if __name__ == "__main__":
    seed = int(os.environ.get("CRASH_SEED") or time.time_ns() % 2**32)
    campaign = Campaign(str(binary_path().resolve()), seed)
    campaign.run(int(os.environ.get("N") or 1000))
    print(f"CRASH_SEED={seed}: {campaign.summary()}")
    sys.exit(bool(campaign.faults))
