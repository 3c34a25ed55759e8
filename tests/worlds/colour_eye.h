#pragma once
// A second opinion on the micro world's labels: answers questions from the pixels of a clip alone,
// by hue, knowing nothing of the scene.

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "worlds/question.h"

namespace winnow::micro_world {

struct Blob {
  int pixels = 0;
  double x = 0, y = 0;  // centroid
  int left = 1000, right = -1, top = 1000, bottom = -1;
  double fill() const {
    return static_cast<double>(pixels) / ((right - left + 1) * (bottom - top + 1));
  }
  int extent() const { return std::max(right - left, bottom - top) + 1; }
  std::string shape() const {
    if (fill() > 0.89) return "square";
    if (fill() > 0.68) return "circle";
    const double lower = y - (top + bottom) / 2.0;  // a triangle's mass lies low
    return lower > 0.08 * (bottom - top + 1) ? "triangle" : "cross";
  }
};

// Strongly coloured patches of a frame, by colour name.
inline std::map<std::string, Blob> see(const cv::Mat& rgb) {
  static const std::vector<std::pair<double, std::string>> hues = {
      {0, "red"},    {57, "yellow"},  {122, "green"}, {183, "cyan"},
      {233, "blue"}, {288, "purple"}, {360, "red"}};
  cv::Mat smooth, hsv;
  cv::GaussianBlur(rgb, smooth, {3, 3}, 0.5);
  smooth.convertTo(smooth, CV_32FC3, 1.0 / 255);
  cv::cvtColor(smooth, hsv, cv::COLOR_RGB2HSV);
  std::map<std::string, Blob> blobs;
  for (int y = 0; y < hsv.rows; ++y) {
    for (int x = 0; x < hsv.cols; ++x) {
      const auto pixel = hsv.at<cv::Vec3f>(y, x);
      if (pixel[1] < 0.55f || pixel[2] < 0.45f) continue;
      const auto nearest =
          std::min_element(hues.begin(), hues.end(), [&](const auto& a, const auto& b) {
            return std::abs(a.first - pixel[0]) < std::abs(b.first - pixel[0]);
          });
      Blob& blob = blobs[nearest->second];
      ++blob.pixels;
      blob.x += x;
      blob.y += y;
      blob.left = std::min(blob.left, x);
      blob.right = std::max(blob.right, x);
      blob.top = std::min(blob.top, y);
      blob.bottom = std::max(blob.bottom, y);
    }
  }
  for (auto entry = blobs.begin(); entry != blobs.end();) {
    Blob& blob = entry->second;
    blob.x /= blob.pixels;
    blob.y /= blob.pixels;
    entry = blob.pixels < 25 ? blobs.erase(entry) : std::next(entry);
  }
  return blobs;
}

// The colour named in a question.
inline std::string colour_in(const std::string& text) {
  for (const std::string& name : colour_names()) {
    if (text.find(name) != std::string::npos) return name;
  }
  return "";
}

// The answer to a question as the pixels of a clip of kEventFrames frames, or of an image, give it.
inline std::string look(const Question& question, const std::vector<cv::Mat>& frames) {
  std::vector<std::map<std::string, Blob>> seen;
  for (const cv::Mat& frame : frames) seen.push_back(see(frame));
  std::vector<std::string> order;                     // colours by first appearance
  std::map<std::string, std::pair<Blob, Blob>> ends;  // first and last look
  std::map<std::string, int> flashes;
  std::map<std::string, int> looks;
  for (const auto& blobs : seen) {
    for (const auto& [name, blob] : blobs) {
      if (ends.count(name) == 0) {
        order.push_back(name);
        ends[name].first = blob;
      }
      ends[name].second = blob;
      ++looks[name];
    }
  }
  // A flash washes the colour out for a frame.
  for (const auto& [name, count] : looks) flashes[name] = static_cast<int>(frames.size()) - count;
  const std::string given = colour_in(question.text);
  const auto at = std::find(order.begin(), order.end(), given);
  const auto travel = [&](const std::string& name) {
    const auto& [from, to] = ends.at(name);
    return cv::Point2d(to.x - from.x, to.y - from.y);
  };
  switch (question.type) {
    case QuestionType::colour:
      for (const auto& blobs : seen) {
        for (const auto& [name, blob] : blobs) {
          if (question.text.find(blob.shape()) != std::string::npos) return name;
        }
      }
      return "";
    case QuestionType::shape:
      return ends.count(given) ? ends.at(given).first.shape() : "";
    case QuestionType::count:
      return number_words().at(order.size());
    case QuestionType::side: {
      // "is the X object left or right of the Y object", in either order of mention
      if (given.empty()) return seen[0].begin()->second.x < 31.5 ? "left" : "right";
      std::array<std::string, 2> named;
      std::map<std::size_t, std::string> places;
      for (const auto& [name, blob] : seen[0]) {
        if (const auto place = question.text.find(name); place != std::string::npos) {
          places[place] = name;
        }
      }
      std::size_t i = 0;
      for (const auto& [place, name] : places) named.at(i++) = name;
      if (question.text.rfind("On which side", 0) == 0) std::swap(named[0], named[1]);
      return seen[0].at(named[0]).x < seen[0].at(named[1]).x ? "left" : "right";
    }
    case QuestionType::largest: {
      std::string largest;
      for (const auto& [name, blobs] : ends) {
        const int best = largest.empty() ? 0 : ends.at(largest).first.extent();
        if (blobs.first.extent() > best) largest = name;
      }
      return largest;
    }
    case QuestionType::direction: {
      const cv::Point2d moved = travel(given);
      if (std::abs(moved.x) > std::abs(moved.y)) return moved.x < 0 ? "left" : "right";
      return moved.y < 0 ? "up" : "down";
    }
    case QuestionType::movers: {
      std::size_t moving = 0;
      for (const std::string& name : order) moving += cv::norm(travel(name)) > 4 ? 1 : 0;
      return number_words().at(moving);
    }
    case QuestionType::first:
      return order.front();
    case QuestionType::last:
      return order.back();
    case QuestionType::before:
      return at == order.begin() ? "" : *std::prev(at);
    case QuestionType::after:
      return std::next(at) == order.end() ? "" : *std::next(at);
    case QuestionType::flash: {
      const auto most =
          std::max_element(flashes.begin(), flashes.end(),
                           [](const auto& a, const auto& b) { return a.second < b.second; });
      return most->first;
    }
    case QuestionType::flash_count:
      return number_words().at(static_cast<std::size_t>(flashes[given]));
  }
  return "";
}

}  // namespace winnow::micro_world
