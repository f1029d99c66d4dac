// What differs between two documents, for people: one line a value. Pure.
#pragma once

#include <string>
#include <vector>

#include "data/value.h"

namespace slipway::view {

struct Difference {
  std::string field;     // "spec.containers[web].image"; elements of lists that have names go by these
  data::Value from, to;  // null: not there
  bool operator==(const Difference&) const = default;
};

// In the order of `from`, then of what only `to` has.
std::vector<Difference> differences(const data::Value& from, const data::Value& to);

// "shop/web:v1", 8080, {"cpu":"1"}, of a variable its value, "secret db key password" of a secretKeyRef; "-" for what
// is not there.
std::string short_text(const data::Value& v);

// A version as one object, so that the fields of a difference name the ConfigMap as well. `config`: ConfigMaps by name,
// or null.
data::Value comparable(const data::Value& pod_template, const data::Value& config);

// On one line, and not more than `most` of them: "image shop/web:1.9.0 → shop/web:1.9.1 · env FEATURE=on (new) · … 3
// more". Values of variables and ConfigMaps whose names speak of secrets are left out.
std::string compact_text(const std::vector<Difference>& all, std::size_t most);

}  // namespace slipway::view
