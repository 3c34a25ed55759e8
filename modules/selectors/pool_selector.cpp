#include "selectors/pool_selector.h"

namespace winnow {

config::ComponentKind<PoolSelector>& pool_selectors() {
  static config::ComponentKind<PoolSelector> kind("selector");
  return kind;
}

}  // namespace winnow
