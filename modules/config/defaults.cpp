#include "config/defaults.h"

#include <algorithm>
#include <map>
#include <set>

namespace winnow::config {
namespace {

using Action = Override::Action;

// The group whose files are presets of a whole config: merged at the root level after all others.
constexpr const char* outermost_group = "experiment";

// A group at one place of the config; each such slot holds one choice.
struct Slot {
  std::string group, place;
  auto operator<=>(const Slot&) const = default;
};

std::string default_place(const std::string& group) {
  std::string place = group;
  std::replace(place.begin(), place.end(), '/', '.');
  return place;
}

std::string joined(const std::string& first, const std::string& second, char separator) {
  return first.empty() || second.empty() ? first + second : first + separator + second;
}

// "group@place" with "_global_" for the root level; `place` stays as given when there is no @.
Slot parse_slot(const std::string& text, const std::string& place) {
  const std::size_t at = text.find('@');
  if (at == std::string::npos) return {text, place};
  const std::string given = text.substr(at + 1);
  return {text.substr(0, at), given == "_global_" ? "" : given};
}

struct CommandLineChoice {
  Override change;
  Slot slot;
  bool has_place = false;
  bool used = false;

  bool fits(const Slot& other) const {
    if (other.group != slot.group) return false;
    if (has_place) return other.place == slot.place;
    return other.place.empty() || other.place == default_place(other.group);
  }
};

class Resolver {
 public:
  Resolver(SearchPath& files, const std::vector<Override>& choices) : files_(files) {
    for (const Override& change : choices) {
      const std::string group = change.key.substr(0, change.key.find('@'));
      CommandLineChoice choice{change, parse_slot(change.key, default_place(group)), false, false};
      choice.has_place = change.key.find('@') != std::string::npos;
      if (group == outermost_group && !choice.has_place) choice.slot.place = "";
      // The last of several choices for one slot counts, as for values.
      std::erase_if(command_line_, [&](const auto& other) {
        return other.slot == choice.slot && other.has_place == choice.has_place;
      });
      command_line_.push_back(std::move(choice));
    }
  }

  std::vector<Layer> resolve(const std::string& root) {
    if (!files_.has_file(root)) {
      throw ConfigError("there is no config '" + root + ".toml' in " + files_.text() + "." +
                        suggestion(root, files_.options("")));
    }
    // A later choice for a slot replaces an earlier one where the earlier one stands, which may
    // bring in or remove further choices; so walk until nothing changes.
    for (int attempt = 0; attempt < 50; ++attempt) {
      layers_.clear();
      chosen_.clear();
      last_.clear();
      for (CommandLineChoice& choice : command_line_) choice.used = false;
      include(root, "", Value(root, Origin{"command line", 0}));
      add_command_line_groups(false);
      add_command_line_groups(true);
      const bool same = std::equal(last_.begin(), last_.end(), settled_.begin(), settled_.end(),
                                   [](const auto& left, const auto& right) {
                                     return left.first == right.first &&
                                            left.second.string() == right.second.string();
                                   });
      if (same) {
        check_all_used();
        return layers_;
      }
      settled_ = last_;
    }
    std::string names;
    for (const auto& [slot, option] : settled_) names += " " + slot.group + "=" + option.string();
    throw ConfigError(
        "the defaults lists of " + root +
        ".toml never settle: some choice removes the file that made it. Last seen:" + names);
  }

 private:
  // Merges the file `name` at `place`, with everything its own defaults name. `mention` is what
  // named the file, for messages.
  void include(const std::string& name, const std::string& place, const Value& mention) {
    const auto again = std::find(stack_.begin(), stack_.end(), name);
    if (again != stack_.end()) {
      std::string circle;
      for (auto at = again; at != stack_.end(); ++at) circle += *at + " -> ";
      fail_value(mention, "defaults", "the defaults go in a circle: " + circle + name);
    }
    stack_.push_back(name);
    Value content = files_.load(name);
    Value defaults(Value::Array{}, content.origin());
    if (const Value* found = content.child("defaults")) {
      defaults = *found;
      content.erase("defaults");
    }
    if (!defaults.is_array()) {
      fail_value(defaults, "defaults", "expected a list, as in [{selector = \"gdo\"}, \"_self_\"]");
    }
    bool merged_self = false;
    for (const Value& entry : defaults.array()) {
      if (entry.is_string() && entry.string() == "_self_") {
        if (merged_self) fail_value(entry, "defaults", "_self_ appears twice");
        merged_self = true;
        layers_.push_back({content, place});
      } else {
        follow(entry, name, place);
      }
    }
    if (!merged_self) layers_.push_back({std::move(content), place});
    stack_.pop_back();
  }

  void follow(const Value& entry, const std::string& name, const std::string& place) {
    const std::string own_group =
        name.rfind('/') == std::string::npos ? "" : name.substr(0, name.rfind('/'));
    if (entry.is_string()) {
      const std::string& text = entry.string();
      if (!text.starts_with("/")) {
        const std::string sibling = joined(own_group, text, '/');
        require_file(sibling, entry, "defaults");
        include(sibling, place, entry);
        return;
      }
      const std::size_t slash = text.rfind('/');
      if (slash == 0) {
        fail_value(entry, "defaults", "expected \"/group/option\"");
      }
      choose({text.substr(1, slash - 1), ""}, Value(text.substr(slash + 1), entry.origin()));
      return;
    }
    if (!entry.is_table() || entry.table().empty()) {
      fail_value(entry, "defaults",
                 "expected \"option\", \"/group/option\", {group = \"option\"} or \"_self_\"");
    }
    for (const auto& [key, option] : entry.table()) {
      // At the root level groups are the folders of configs/; below, those of the file's own group.
      const bool absolute = key.starts_with("/") || place.empty();
      const std::string text = key.starts_with("/") ? key.substr(1) : key;
      Slot slot = parse_slot(text, default_place(text));
      if (!absolute) {
        slot.group = joined(own_group, slot.group, '/');
        if (text.find("@_global_") == std::string::npos)
          slot.place = joined(place, slot.place, '.');
      }
      if (!files_.has_group(slot.group)) {
        fail_value(entry, "defaults",
                   "there is no group '" + slot.group + "' (a folder in " + files_.text() + ")." +
                       suggestion(slot.group, files_.groups()));
      }
      choose(slot, option);
    }
  }

  void choose(const Slot& slot, Value option) {
    if (!option.is_string()) {
      fail_value(option, slot.group, "expected the name of an option, or \"none\"");
    }
    last_[slot] = option;
    for (CommandLineChoice& choice : command_line_) {
      if (!choice.fits(slot)) continue;
      if (choice.change.action == Action::add && !choice.used) {
        fail_value(option, slot.group,
                   "the group is already chosen here; to choose another write " +
                       choice.change.key + "=" + choice.change.value);
      }
      choice.used = true;
      option = Value(choice.change.value, Origin{"command line", 0});
      last_[slot] = option;
    }
    if (!chosen_.insert(slot).second) return;
    const auto settled = settled_.find(slot);
    if (settled != settled_.end()) option = settled->second;
    const std::string name = slot.group + "/" + option.string();
    if (option.string() == "none" && !files_.has_file(name)) return;
    require_file(name, option, slot.group);
    include(name, slot.place, option);
  }

  void require_file(const std::string& name, const Value& mention, const std::string& path) const {
    if (files_.has_file(name)) return;
    const std::size_t slash = name.rfind('/');
    const std::string group = slash == std::string::npos ? "" : name.substr(0, slash);
    if (!group.empty() && !files_.has_group(group)) {
      fail_value(mention, path,
                 "there is no group '" + group + "' (a folder in " + files_.text() + ")." +
                     suggestion(group, files_.groups()));
    }
    const std::string option = name.substr(slash == std::string::npos ? 0 : slash + 1);
    fail_value(mention, path,
               "there is no option '" + option + "' (" + name + ".toml) in " +
                   (group.empty() ? files_.text() : "group '" + group + "'") + "." +
                   suggestion(option, files_.options(group)));
  }

  // Groups that the command line adds come after the root file; an experiment comes last of all.
  void add_command_line_groups(bool outermost) {
    for (CommandLineChoice& choice : command_line_) {
      const bool is_outermost = choice.slot.group == outermost_group;
      if (choice.used || is_outermost != outermost) continue;
      const bool is_new_by_name = choice.has_place && may_have_any_name(choice.slot.place);
      if (choice.change.action == Action::set && !is_outermost && !is_new_by_name) continue;
      choice.used = true;
      choose(choice.slot, Value(choice.change.value, Origin{"command line", 0}));
    }
  }

  void check_all_used() const {
    for (const CommandLineChoice& choice : command_line_) {
      if (choice.used) continue;
      std::string places;
      for (const Slot& slot : chosen_) {
        if (slot.group == choice.slot.group) {
          places += " It is chosen as " + slot.group + "@" + slot.place + ".";
        }
      }
      throw ConfigError("command line: " + choice.change.key + "=" + choice.change.value +
                        ": no defaults list names the group '" + choice.change.key + "'." + places +
                        " To add it write +" + choice.change.key + "=" + choice.change.value);
    }
  }

  SearchPath& files_;
  std::vector<CommandLineChoice> command_line_;
  std::vector<Layer> layers_;
  std::vector<std::string> stack_;
  std::set<Slot> chosen_;
  std::map<Slot, Value> last_, settled_;  // the last choice of this walk and of the one before
};

}  // namespace

std::vector<Layer> resolve_defaults(SearchPath& files, const std::string& root,
                                    const std::vector<Override>& choices) {
  return Resolver(files, choices).resolve(root);
}

}  // namespace winnow::config
