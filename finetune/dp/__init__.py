"""Training under differential privacy, the customer as the unit: DP-SGD on LoRA matrices."""
