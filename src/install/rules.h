// The rights of the controllers in a cluster that others run: as few as they need, each with its reason.
//
// docs/rbac.md shows them line by line and is compared with this table by a test.
#pragma once

#include <string>
#include <vector>

#include "data/value.h"

namespace slipway::install {

enum class Where {
  Objects,  // where the Releases are: the whole cluster, or one namespace
  Own,      // the namespace of the controllers
};

struct Right {
  Where where;
  std::string group;     // "" is the core group
  std::string resource;  // "releases", "releases/status"
  std::vector<std::string> verbs;
  std::string why;  // one sentence, for people
};

const std::vector<Right>& controller_rights();

// PolicyRules of a Role or ClusterRole.
data::Value rules_of(Where where);

// The table of docs/rbac.md, in Markdown.
std::string rights_table();

}  // namespace slipway::install
