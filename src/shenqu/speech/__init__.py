"""From a recording and its words to a Transcript: which syllable sounds when."""
