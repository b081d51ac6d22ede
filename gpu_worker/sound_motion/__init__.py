"""The learned core at run time: sound in, face motion out. Kept light: import the modules you need."""
