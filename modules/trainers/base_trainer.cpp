#include "trainers/base_trainer.h"

#include "core/errors.h"

namespace winnow {
namespace {

// Whether the table names a trainer that this build has: only then its options can be read.
bool is_known(const config::Value& base) {
  const config::Value* type = base.child("type");
  if (type == nullptr || !type->is_string()) return false;
  for (const std::string& name : base_trainers().names()) {
    if (name == type->string()) return true;
  }
  return false;
}

}  // namespace

config::ComponentKind<BaseTrainer>& base_trainers() {
  static config::ComponentKind<BaseTrainer> kind("base_trainer");
  return kind;
}

std::unique_ptr<BaseTrainer> base_trainer_for(const ModelFamily& family,
                                              const config::Value* base) {
  if (family.pretrained()) {
    // It says nothing then, but a mistake in it is one.
    if (base != nullptr && is_known(*base)) base_trainers().create(*base, "base");
    return nullptr;
  }
  if (base != nullptr && !base_trainers().names().empty()) {
    return base_trainers().create(*base, "base");
  }
  const std::string weights =
      "the model has no trained weights: name them (model=qwen3_vl or model=internvl with "
      "model.path=FOLDER)";
  throw ConfigError(
      base_trainers().names().empty()
          ? weights +
                "; this build has nothing that trains a base from nothing (it was built "
                "without modules/worlds, WINNOW_WORLDS=OFF)"
          : weights +
                ", or say in a table `base` how it is trained from nothing (base=micro_world)");
}

}  // namespace winnow
