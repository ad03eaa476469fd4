#pragma once

namespace nextframe {

/// FFmpeg and OpenCV print to stderr by themselves, which is no message for people. To be called before either is used.
void silence_decoders();

}  // namespace nextframe
