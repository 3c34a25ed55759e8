#pragma once
// Properties that are planted in a pool one by one: ills and virtues, each with a share, a strength
// and a concentration by source of its own, and a hidden label of its name. A property is one file
// in properties/, which registers itself.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/registry.h"
#include "worlds/plan.h"

namespace winnow::micro_world {

// What of a row a property decides. A row has at most one property of each part.
enum Part : unsigned {
  kSkill = 1,    // what it asks for
  kScene = 2,    // what it shows
  kTruth = 4,    // whether its answer is right
  kWording = 8,  // of the question
  kForm = 16,    // of the answer
};

// What a property is planted with.
struct Planting {
  PoolPlan& plan;
  const MicroWorldOptions& options;
  double strength;  // in (0, 1]
  RandomStream& random;

  const Scene& scene_of(const PlannedRow& row) const;
  // Gives the row a copy of its medium that no other row shows.
  PlannedMedium& own_medium(PlannedRow& row) const;
  // Whether the same is asked about the row's medium by another row of its scene, or in an earlier
  // turn.
  bool is_asked(const std::string& text, std::size_t row) const;
  // Gives the row another question, truthfully answered.
  void ask(PlannedRow& row, Question question) const;
};

class Property {
 public:
  virtual ~Property() = default;
  // One line: what is true of a row that has it.
  virtual std::string help() const = 0;
  // What its strength says; empty: it has none, and only 1 can be asked for.
  virtual std::string strength() const { return ""; }
  // Whether a row is better not taken for it.
  virtual bool is_ill() const { return true; }
  // One or several of Part. Those up to kTruth change questions, media and given answers; then
  // texts are written, and the others change `text` and `answer`.
  virtual unsigned parts() const = 0;
  virtual bool can_have(const PlannedRow& row, const PoolPlan& plan) const;
  // Changes plan.rows[row]; false: the row could not have it after all and is as it was.
  virtual bool plant(std::size_t row, const Planting& planting) const = 0;
  // For a row that could have had it and has not.
  virtual void withhold(std::size_t row, const Planting& planting) const;
};

Registry<std::shared_ptr<const Property>>& properties();

// Registers a property under its name; `winnow list table pool.properties.<name>` prints it.
// Returns true, so that it can initialise a constant.
bool add_property(const std::string& name, std::shared_ptr<const Property> property);
template <class Planted>
bool add_property(const std::string& name) {
  return add_property(name, std::make_shared<const Planted>());
}

// Whether a label of this name says that a row is better not taken.
bool is_planted_ill(const std::string& name);

// Throws ConfigError for a name that is no property, and for a strength that it does not have.
void check_properties(const std::map<std::string, PropertyOptions>& wanted);

// Plants what the options name and is of some of these parts, in order of parts, then of names.
// Throws ConfigError where the pool cannot hold a share.
void plant(PoolPlan& plan, const MicroWorldOptions& options, unsigned parts);

// Drops media that no row shows.
void drop_unseen_media(PoolPlan& plan);

}  // namespace winnow::micro_world
