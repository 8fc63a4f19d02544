"""An adapter's passport checked: form, claims, hashes, signature. Knows neither torch nor the training code."""
