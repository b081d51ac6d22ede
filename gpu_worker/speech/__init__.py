"""Speech: text to sound with exact times, sound to phones with measured ones. Light: import the modules you need."""
