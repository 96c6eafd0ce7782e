"""What a month costs, computed from prices, measurements and assumptions: `make cost-page`, docs/cost.md."""
