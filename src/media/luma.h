// How bright a picture is.
#pragma once

#include "media/picture.h"

namespace camloop {

/// Luma from 0, black, to 255, white: the root of the mean square of a few hundred pixels spread
/// evenly over the picture. Squares make light parts count for more than dark ones, as a highlight
/// that is burnt out cannot be had back; and as with a plain mean, a picture of twice the luma is
/// told to be twice as bright.
double measure_luma(const PictureView& picture);

}  // namespace camloop
