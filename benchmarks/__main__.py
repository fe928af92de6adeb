"""`python -m benchmarks`: compare training steps and gradients side by side."""

from benchmarks.compare import main

raise SystemExit(main())
