#include "experiments/stages/weights.h"

namespace winnow {

std::vector<Weights> checkpoints_of(const StageOutput& training) {
  std::vector<Weights> result;
  for (const boost::json::value& checkpoint : training.facts.at("checkpoints").as_array()) {
    result.push_back({training.folder / checkpoint.at("folder").as_string().c_str(),
                      checkpoint.at("weights").as_string().c_str(),
                      checkpoint.at("samples").as_int64()});
  }
  return result;
}

config::Value identity_of(const Bound<ModelFamily>& model) {
  config::Value identity = model.identity();
  identity.erase("path");
  if (const config::Value* device = identity.child("device")) {
    // One GPU computes what the next one does.
    const std::string& name = device->string();
    identity.set("device", value_of(name.substr(0, name.find(':'))));
  }
  return identity;
}

}  // namespace winnow
