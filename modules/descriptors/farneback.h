#pragma once
// Farneback's dense optical flow (Two-frame motion estimation based on polynomial expansion, 2003)
// over a sequence of pictures: every picture is expanded once, not once for each pair it is in.

#include <memory>
#include <opencv2/core.hpp>

namespace winnow {

struct FarnebackSettings {
  int levels = 3;   // of the pyramid above the full size, each half as large; none below 32 pixels
  int window = 15;  // pixels over which the motion is averaged; odd
  int iterations = 3;  // on each level
  int radius = 2;      // of the neighbourhood of an expansion, 1 to 8
  double sigma = 1.2;  // of the weights in it
};

// Agrees with OpenCV's calcOpticalFlowFarneback (pyramid scale 0.5, box window, no initial flow) to
// a few millionths of a pixel where there is texture; flat parts are ill-conditioned there and
// here. Under ten pixels a side OpenCV forgets that the border counts less. Holds its buffers: one
// for a thread, for many pictures.
class Farneback {
 public:
  explicit Farneback(const FarnebackSettings& settings);
  ~Farneback();
  Farneback(const Farneback&) = delete;
  Farneback& operator=(const Farneback&) = delete;

  // The motion of every pixel from one picture to the next, in pixels.
  struct Flow {
    cv::Mat x, y;  // float32 [height, width]
  };
  // The flow to this picture from the one before; null for the first, and after restart(). Valid
  // until the next call. `grey`: 8 bits, one channel, not empty, of one size since restart().
  const Flow* next(const cv::Mat& grey);
  void restart();

  // Mean length of the motion.
  static double mean_magnitude(const Flow& flow);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace winnow
