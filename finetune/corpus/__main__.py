"""``python -m finetune.corpus``: see build.py."""

import sys

from finetune.corpus.build import main

sys.exit(main())
