#include "apiserver/request.h"

#include <algorithm>

namespace slipway::apiserver {

bool Identity::is_in(std::string_view group) const { return std::ranges::find(groups, group) != groups.end(); }

Identity system_identity() {
  return {.user = "system:apiserver", .groups = {"system:masters", "system:authenticated"}};
}

std::string_view text_of(Verb verb) {
  switch (verb) {
    case Verb::Get:
      return "get";
    case Verb::List:
      return "list";
    case Verb::Watch:
      return "watch";
    case Verb::Create:
      return "create";
    case Verb::Update:
      return "update";
    case Verb::Patch:
      return "patch";
    case Verb::Delete:
      return "delete";
    case Verb::DeleteCollection:
      return "deletecollection";
  }
  return "";
}

bool is_write(Verb verb) { return verb != Verb::Get && verb != Verb::List && verb != Verb::Watch; }

std::string_view Options::get(std::string_view key) const {
  for (const auto& [name, value] : other)
    if (name == key) return value;
  return {};
}

bool Options::flag(std::string_view key) const {
  std::string_view v = get(key);
  return v == "1" || v == "t" || v == "T" || v == "true" || v == "True" || v == "TRUE";
}

}  // namespace slipway::apiserver
