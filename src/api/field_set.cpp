#include "api/field_set.h"

#include <algorithm>

#include "data/json.h"

namespace slipway::api {
namespace {

using data::Value;

// One element as Kubernetes writes it in messages.
std::string shown(std::string_view element) {
  const std::string_view rest = element.substr(std::min<std::size_t>(2, element.size()));
  if (element.starts_with("f:")) return "." + std::string(rest);
  if (element.starts_with("v:")) return "[=" + std::string(rest) + "]";
  if (element.starts_with("i:")) return "[" + std::string(rest) + "]";
  auto key = data::parse_json(rest);
  std::string out;
  if (key)
    for (const data::Member& m : key->members())
      out += (out.empty() ? "" : ",") + m.key.str() + "=" + data::to_json(m.value);
  return "[" + out + "]";
}

void collect(const FieldSet& set, const std::string& at, std::vector<std::string>& out) {
  if (set.is_member()) out.push_back(at);
  for (const auto& [element, child] : set.children()) collect(child, at + shown(element), out);
}

}  // namespace

std::string field_element(std::string_view name) { return "f:" + std::string(name); }
std::string key_element(const Value& key) { return "k:" + data::to_json(key); }
std::string value_element(const Value& value) { return "v:" + data::to_json(value); }

FieldSet FieldSet::from_value(const Value& fields) {
  FieldSet out;
  for (const data::Member& m : fields.members()) {
    if (m.key == ".") {
      out.member_ = true;
      continue;
    }
    FieldSet child = from_value(m.value);
    if (child.children_.empty()) child.member_ = true;  // {} is the path itself
    out.children_[m.key.str()] = std::move(child);
  }
  return out;
}

Value FieldSet::to_value() const {
  Value out = Value::object();
  if (member_ && !children_.empty()) out.set(".", Value::object());
  for (const auto& [element, child] : children_) out.set(element, child.to_value());
  return out;
}

bool FieldSet::is_empty() const {
  return !member_ && std::ranges::all_of(children_, [](const auto& each) { return each.second.is_empty(); });
}

const FieldSet* FieldSet::child(std::string_view element) const {
  auto it = children_.find(element);
  return it == children_.end() ? nullptr : &it->second;
}

void FieldSet::erase_child(std::string_view element) {
  if (auto it = children_.find(element); it != children_.end()) children_.erase(it);
}

void FieldSet::prune() {
  std::erase_if(children_, [](const auto& each) { return each.second.is_empty(); });
}

FieldSet FieldSet::united(const FieldSet& other) const {
  FieldSet out = *this;
  out.member_ = member_ || other.member_;
  for (const auto& [element, theirs] : other.children_) {
    auto [it, added] = out.children_.try_emplace(element, theirs);
    if (!added) it->second = it->second.united(theirs);
  }
  return out;
}

FieldSet FieldSet::without(const FieldSet& other) const {
  FieldSet out = *this;
  out.member_ = member_ && !other.member_;
  for (auto& [element, own] : out.children_)
    if (const FieldSet* theirs = other.child(element)) own = own.without(*theirs);
  out.prune();
  return out;
}

FieldSet FieldSet::common_with(const FieldSet& other) const {
  FieldSet out;
  out.member_ = member_ && other.member_;
  for (const auto& [element, own] : children_)
    if (const FieldSet* theirs = other.child(element)) out.children_[element] = own.common_with(*theirs);
  out.prune();
  return out;
}

FieldSet FieldSet::with_named_parents() const {
  FieldSet out = *this;
  for (auto& [element, child] : out.children_) {
    child = child.with_named_parents();
    if (element.starts_with("f:")) child.member_ = true;
  }
  return out;
}

std::vector<std::string> FieldSet::paths() const {
  std::vector<std::string> out;
  collect(*this, "", out);
  std::ranges::sort(out);
  return out;
}

}  // namespace slipway::api
