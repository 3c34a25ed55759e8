#pragma once
// What selections that are made together share, so that files are read once for all of them.

#include <map>
#include <memory>
#include <string>
#include <typeindex>
#include <utility>

namespace winnow {

class SharedWork {
 public:
  // The work of this type and key, made when it is asked for first.
  template <class Work>
  Work& of(const std::string& key) {
    std::shared_ptr<void>& work = works_[{std::type_index(typeid(Work)), key}];
    if (!work) work = std::make_shared<Work>();
    return *static_cast<Work*>(work.get());
  }

 private:
  std::map<std::pair<std::type_index, std::string>, std::shared_ptr<void>> works_;
};

}  // namespace winnow
