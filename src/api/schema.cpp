#include "api/schema.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway::api {

std::string Path::text() const {
  std::string out = up ? up->text() : std::string();
  if (index >= 0) return out + fmt::format("[{}]", index);
  if (key.data()) return out + fmt::format("[{}]", key);
  if (!out.empty() && !field.empty()) out += '.';
  return out.append(field);
}

const api::Field* Schema::find(std::string_view name) const {
  auto it = std::lower_bound(fields.begin(), fields.end(), name,
                             [](const api::Field& f, std::string_view n) { return f.name < n; });
  return it != fields.end() && it->name == name ? &*it : nullptr;
}

data::MergeSchema::Field Schema::field(std::string_view member) const {
  const Schema* found = nullptr;
  if (type == Type::Map) {
    found = items.get();
  } else if (const api::Field* f = find(member)) {
    found = f->type.get();
  }
  if (!found) return {};
  MergeSchema::Field out;
  out.retain_keys = found->retain_keys;
  out.element = found;
  if (found->type != Type::List) return out;
  out.element = found->items.get();
  out.merge_key = found->merge_key;
  if (found->merges) out.list = found->merge_key.empty() ? List::MergeSet : List::MergeByKey;
  return out;
}

}  // namespace slipway::api
