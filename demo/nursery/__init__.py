"""The demo nursery: sounds of a child's room, made by code.

Every sound is a function of a sample rate and a random generator that returns
float32 samples of shape (n,), full scale -1 to 1, so the same seed gives the same
sound. The tests borrow them where no recordings are at hand.
"""

from .cat import meow
from .cry import cry, episode
from .house import door, footsteps, room_tone, white_noise_machine
from .music_box import music_box
from .scene import RATE_HZ, Event, Scene, compose, read_timeline, write_scene
from .talk import talk

__all__ = [
    "RATE_HZ",
    "Event",
    "Scene",
    "compose",
    "cry",
    "door",
    "episode",
    "footsteps",
    "meow",
    "music_box",
    "read_timeline",
    "room_tone",
    "talk",
    "white_noise_machine",
    "write_scene",
]
