"""How well words, syllables and vowels are found: truth, disturbance, rivals, figures."""
