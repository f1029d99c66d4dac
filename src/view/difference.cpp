#include "view/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "data/json.h"
#include "delivery/config.h"
#include "view/text.h"

namespace slipway::view {
namespace {

using data::Value;

bool has_names(const Value& list) {
  return list.is_array() && list.size() > 0 && std::ranges::all_of(list.items(), [](const Value& v) {
           return v.is_object() && !v["name"].as_string().empty();
         });
}

const Value& named(const Value& list, std::string_view name) {
  for (const Value& v : list.items())
    if (v["name"].as_string() == name) return v;
  return data::kNull;
}

std::string joined_path(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

void compare(const Value& from, const Value& to, const std::string& path, std::vector<Difference>& out);

void compare_members(const Value& from, const Value& to, const std::string& path, std::vector<Difference>& out) {
  for (const data::Member& m : from.members()) compare(m.value, to[m.key.view()], joined_path(path, m.key.view()), out);
  for (const data::Member& m : to.members())
    if (!from.has(m.key.view())) compare(data::kNull, m.value, joined_path(path, m.key.view()), out);
}

void compare_named(const Value& from, const Value& to, const std::string& path, std::vector<Difference>& out) {
  const auto at = [&path](const Value& v) { return fmt::format("{}[{}]", path, v["name"].as_string()); };
  for (const Value& v : from.items()) compare(v, named(to, v["name"].as_string()), at(v), out);
  for (const Value& v : to.items())
    if (named(from, v["name"].as_string()).is_null()) compare(data::kNull, v, at(v), out);
}

void compare(const Value& from, const Value& to, const std::string& path, std::vector<Difference>& out) {
  if (from == to) return;
  if (from.is_object() && to.is_object()) return compare_members(from, to, path, out);
  if ((has_names(from) || from.is_null()) && (has_names(to) || to.is_null())) return compare_named(from, to, path, out);
  out.push_back({path, from, to});
}

// --- on one line --------------------------------------------------------------------------------------------------

constexpr int kValueWidth = 60;

// "spec.containers[web].env[FEATURE].value" -> "env FEATURE" of the container web.
struct Place {
  std::string container, field;
};

Place place_of(std::string field) {
  constexpr std::string_view kContainers = "spec.containers[";
  Place out;
  if (field.starts_with(kContainers)) {
    const std::size_t end = field.find(']');
    out.container = field.substr(kContainers.size(), end - kContainers.size());
    field.erase(0, std::min(end + 2, field.size()));  // "]."
  } else if (field.starts_with("spec.")) {
    field.erase(0, 5);
  }
  if (field.starts_with("env[")) {
    if (field.ends_with(".value")) field.resize(field.size() - 6);
    field = "env " + field.substr(4);
    std::erase(field, ']');
  }
  if (field.empty()) return {"", "container " + out.container};
  out.field = field;
  return out;
}

bool speaks_of_secrets(const std::string& field) {
  const std::string low = base::to_lower(field);
  constexpr std::array<std::string_view, 6> kWords = {"secret", "password", "passwd", "token", "credential", "key"};
  return (low.starts_with("env ") || low.starts_with("configmap ")) &&
         std::ranges::any_of(kWords, [&](std::string_view w) { return low.contains(w); });
}

// Of a container that is new, its image.
std::string value_text(const Value& v, const std::string& field) {
  const bool is_reference = v["valueFrom"].is_object() || field.contains(".valueFrom");
  if (speaks_of_secrets(field) && !is_reference) return "***";
  const Value& known = v["image"].is_string() ? v["image"] : v;
  return cut(one_line(short_text(known)), kValueWidth);
}

std::string item_text(const Difference& d, bool with_container) {
  const Place place = place_of(d.field);
  const std::string name =
      with_container && !place.container.empty() ? place.container + " " + place.field : place.field;
  if (d.from.is_null()) return fmt::format("{}={} (new)", name, value_text(d.to, place.field));
  if (d.to.is_null()) return name + " (gone)";
  return fmt::format("{} {} → {}", name, value_text(d.from, place.field), value_text(d.to, place.field));
}

}  // namespace

std::vector<Difference> differences(const Value& from, const Value& to) {
  std::vector<Difference> out;
  compare(from, to, "", out);
  return out;
}

namespace {

// Where a variable gets its value from: "secret db key password". Empty: this is no such thing.
std::string reference_text(const Value& v) {
  if (v.has("valueFrom")) return reference_text(v["valueFrom"]);
  for (const auto& [field, word] : {std::pair("secretKeyRef", "secret"), {"configMapKeyRef", "ConfigMap"}})
    if (const Value& ref = v[field]; ref.is_object())
      return fmt::format("{} {} key {}", word, ref["name"].as_string(), ref["key"].as_string());
  if (const Value& ref = v["fieldRef"]; ref.is_object()) return "field " + ref["fieldPath"].str();
  if (const Value& ref = v["resourceFieldRef"]; ref.is_object()) return "resource " + ref["resource"].str();
  return "";
}

}  // namespace

std::string short_text(const Value& v) {
  if (v.is_null()) return "-";
  if (std::string reference = reference_text(v); !reference.empty()) return reference;
  if (v.size() == 2 && v["name"].is_string() && v["value"].is_string()) return v["value"].str();  // a variable
  return v.is_string() ? v.str() : data::to_json(v);
}

// As one object, so that the fields of a difference name the ConfigMap as well.
Value comparable(const Value& pod_template, const Value& config) {
  Value out = pod_template;
  for (const data::Member& m : config.members())
    out.set(fmt::format("ConfigMap {}", m.key.view()), delivery::content_of(m.value));
  return out;
}

std::string compact_text(const std::vector<Difference>& all, std::size_t most) {
  std::string container;
  bool several = false;
  for (const Difference& d : all) {
    const std::string of = place_of(d.field).container;
    several = several || (!of.empty() && !container.empty() && of != container);
    if (!of.empty()) container = of;
  }
  std::vector<Difference> ordered = all;  // images first: by them people know versions
  std::ranges::stable_partition(ordered, [](const Difference& d) { return d.field.ends_with(".image"); });
  std::string out;
  for (std::size_t i = 0; i < all.size() && i < most; ++i) out += (i > 0 ? " · " : "") + item_text(ordered[i], several);
  return all.size() > most ? fmt::format("{} · … {} more", out, all.size() - most) : out;
}

}  // namespace slipway::view
