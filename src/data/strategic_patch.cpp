// Strategic merge patch: sig-api-machinery's strategic-merge-patch.md, and where that is silent, what the API server
// does.
#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>

#include "base/strings.h"
#include "data/json.h"
#include "data/patch.h"

namespace slipway::data {
namespace {

using base::Code;
using List = MergeSchema::List;
using Values = std::vector<Value>;

constexpr std::string_view kPatch = "$patch";
constexpr std::string_view kRetainKeys = "$retainKeys";
constexpr std::string_view kDeletePrefix = "$deleteFromPrimitiveList/";
constexpr std::string_view kOrderPrefix = "$setElementOrder/";

std::unexpected<base::Error> malformed(std::string problem) { return base::fail(Code::BadRequest, std::move(problem)); }

MergeSchema::Field field_of(const MergeSchema* schema, std::string_view name) {
  return schema ? schema->field(name) : MergeSchema::Field();
}

bool is_directive(std::string_view key) {
  return key == kPatch || key == kRetainKeys || key.starts_with(kDeletePrefix) || key.starts_with(kOrderPrefix);
}

// What identifies an element of a merged list: the element itself, or the text of its merge key. Keys are compared as
// text, so that 80 and "80" are one port.
std::string identity_text(const Value& v) { return v.is_string() ? v.str() : to_json(v); }

Value identity(const Value& element, std::string_view merge_key) {
  if (merge_key.empty() || !element.is_object()) return element.is_object() ? Value() : Value(identity_text(element));
  return element.has(merge_key) ? Value(identity_text(element[merge_key])) : Value();
}

constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

std::size_t index_of(const Values& list, const Value& wanted, std::string_view merge_key) {
  for (std::size_t i = 0; i < list.size(); ++i)
    if (identity(list[i], merge_key) == wanted) return i;
  return kNowhere;
}

Values list_of(const Value& array) { return {array.items().begin(), array.items().end()}; }

// --- patches where the original has nothing --------------------------------------------------------------------------

// A patch as a value of its own: without directives, and without nulls in objects.
Value as_plain(const Value& patch);

Value plain_list(const Value& patch) {
  Values out;
  for (const Value& item : patch.items())
    if (!item.is_object() || !item.has(kPatch)) out.push_back(as_plain(item));
  return Value::array_of(std::move(out));
}

Value as_plain(const Value& patch) {
  if (patch.is_array()) return plain_list(patch);
  if (!patch.is_object()) return patch;
  std::vector<Member> out;
  for (const Member& member : patch.members())
    if (!member.value.is_null() && !is_directive(member.key.view()))
      out.push_back({member.key, as_plain(member.value)});
  return Value::object_of(std::move(out));
}

// --- order of merged lists -------------------------------------------------------------------------------------------

// Elements of the patch in the patch's order; elements that only the server has keep their place before the patch
// elements that stood behind them on the server.
Values in_order(const Values& merged, const Values& patch_order, const Values& server_order,
                std::string_view merge_key) {
  const auto place = [&](const Values& order, const Value& v) {
    return index_of(order, identity(v, merge_key), merge_key);
  };
  const auto by = [&](const Values& order) {
    return [&](const Value& a, const Value& b) { return place(order, a) < place(order, b); };
  };
  const auto insert_sorted = [](Values& into, const Value& v, const auto& less) {
    into.insert(std::upper_bound(into.begin(), into.end(), v, less), v);
  };
  Values mine, theirs, out;
  for (const Value& v : merged) {
    if (place(patch_order, v) != kNowhere)
      insert_sorted(mine, v, by(patch_order));
    else
      insert_sorted(theirs, v, by(server_order));
  }
  auto left = theirs.begin();
  for (Value& v : mine) {
    const std::size_t at = place(server_order, v);
    if (at != kNowhere)
      while (left != theirs.end() && place(server_order, *left) < at) out.push_back(*left++);
    out.push_back(std::move(v));
  }
  out.insert(out.end(), left, theirs.end());
  return out;
}

// The patch's own list must name its elements in the order of its $setElementOrder list.
bool agrees_with_order(const Values& patch, const Values& order, std::string_view merge_key) {
  std::size_t at = 0;
  for (const Value& item : patch) {
    if (item.is_object() && item.has(kPatch)) continue;
    while (at < order.size() && !(identity(order[at], merge_key) == identity(item, merge_key))) ++at;
    if (at == order.size()) return false;
    ++at;
  }
  return true;
}

// --- merging ---------------------------------------------------------------------------------------------------------

base::Result<Value> merge_map(const Value& original, const Value& patch, const MergeSchema* schema);

Values merge_scalars(Values original, const Values& patch) {
  for (const Value& item : patch) original.push_back(item);
  Values out;
  for (Value& item : original)
    if (std::ranges::find(out, item) == out.end()) out.push_back(std::move(item));
  return out;
}

// Takes the elements with a $patch directive out of `patch` and does what they say; true: `patch` replaces the list.
base::Result<bool> apply_element_directives(Values& original, Values& patch, std::string_view merge_key) {
  bool replaces = false;
  Values plain;
  for (Value& item : patch) {
    const std::string_view directive = item[kPatch].as_string();
    if (!item.has(kPatch)) {
      plain.push_back(std::move(item));
    } else if (directive == "delete") {
      if (!item.has(merge_key))
        return base::fail(Code::Invalid, "an element to delete lacks its merge key " + std::string(merge_key));
      std::erase_if(original, [&](const Value& v) { return identity(v, merge_key) == identity(item, merge_key); });
    } else if (directive == "merge") {
      plain.push_back(item.without(kPatch));
    } else if (directive == "replace") {
      replaces = true;
    } else {
      return malformed("unknown directive $patch: " + to_json(item[kPatch]));
    }
  }
  patch = std::move(plain);
  return replaces;
}

base::Result<Values> merge_objects(Values original, const Values& patch, const MergeSchema::Field& field) {
  for (const Value& item : patch) {
    const Value key = identity(item, field.merge_key);
    if (key.is_null())
      return base::fail(Code::Invalid,
                        "a list element lacks its merge key " + std::string(field.merge_key) + ": " + to_json(item));
    const std::size_t at = index_of(original, key, field.merge_key);
    if (at == kNowhere) {
      original.push_back(as_plain(item));
      continue;
    }
    auto merged = merge_map(original[at], item, field.element);
    if (!merged) return std::unexpected(std::move(merged.error()));
    original[at] = std::move(*merged);
  }
  return original;
}

base::Result<Value> merge_list(const Value& original, const Value& patch, const MergeSchema::Field& field) {
  if (field.list == List::Atomic) return as_plain(patch);
  Values server = list_of(original), mine = list_of(patch);
  const auto is_object = [](const Value& v) { return v.is_object(); };
  const bool objects = std::ranges::any_of(server, is_object) || std::ranges::any_of(mine, is_object);
  const auto fits = [&](const Value& v) { return v.is_object() == objects && !v.is_array(); };
  if (!std::ranges::all_of(server, fits) || !std::ranges::all_of(mine, fits))
    return base::fail(Code::Invalid, "the elements of a merged list must be of one type");
  if (!objects) return Value::array_of(in_order(merge_scalars(server, mine), mine, server, ""));
  if (field.merge_key.empty())
    return base::fail(Code::Invalid, "a list of objects without a merge key cannot be merged");
  auto replaces = apply_element_directives(server, mine, field.merge_key);
  if (!replaces) return std::unexpected(std::move(replaces.error()));
  if (*replaces) return as_plain(Value::array_of(std::move(mine)));
  auto merged = merge_objects(server, mine, field);
  if (!merged) return std::unexpected(std::move(merged.error()));
  return Value::array_of(in_order(*merged, mine, server, field.merge_key));
}

base::Result<void> apply_retain_keys(Value& out, const Value& patch) {
  if (!patch.has(kRetainKeys)) return {};
  const Value& keep = patch[kRetainKeys];
  if (!keep.is_array()) return malformed("$retainKeys must be a list of keys");
  const auto is_kept = [&](std::string_view key) {
    return std::ranges::any_of(keep.items(), [&](const Value& v) { return v.is_string() && v.as_string() == key; });
  };
  for (const Member& change : patch.members())
    if (!change.value.is_null() && !is_directive(change.key.view()) && !is_kept(change.key.view()))
      return malformed("the patch sets " + change.key.str() + ", which its $retainKeys list does not name");
  const Value before = out;
  for (const Member& member : before.members())
    if (!is_kept(member.key.view())) out.erase(member.key.view());
  return {};
}

// The order of the server's list for a $setElementOrder list. Where the patch deletes elements, the API server counts
// as many of the patch's new elements as if they had stood at the end of its list, and so do we.
Values server_order_of(const Values& server, const Values& patch, std::string_view merge_key) {
  const auto is_deleted = [&](const Value& v) {
    return std::ranges::any_of(patch, [&](const Value& item) {
      return item[kPatch].as_string() == "delete" && identity(item, merge_key) == identity(v, merge_key);
    });
  };
  Values out;
  std::ranges::copy_if(server, std::back_inserter(out), std::not_fn(is_deleted));
  for (const Value& item : patch)
    if (out.size() < server.size() && !item.has(kPatch) &&
        index_of(out, identity(item, merge_key), merge_key) == kNowhere)
      out.push_back(item);
  return out;
}

// One `$setElementOrder/name` directive: merges the list `name` and puts it into that order.
base::Result<void> apply_element_order(Value& out, const Value& patch, std::string_view name, const Value& order,
                                       const MergeSchema* schema) {
  if (!order.is_array()) return malformed("$setElementOrder/" + std::string(name) + " must be a list");
  const Value original = out[name], &change = patch[name];
  if ((!original.is_null() && !original.is_array()) || (!change.is_null() && !change.is_array()))
    return malformed(std::string(name) + " is no list, so that it has no order");
  const MergeSchema::Field field = field_of(schema, name);
  const Values wanted = list_of(order);
  if (change.size() > 0 && !agrees_with_order(list_of(change), wanted, field.merge_key))
    return malformed("the order of the list " + std::string(name) + " differs from its $setElementOrder");
  if (original.is_null() && change.is_null()) return {};
  Value merged = original;
  if (original.is_null()) {
    merged = as_plain(change);
  } else if (!change.is_null()) {
    auto both = merge_list(original, change, field);
    if (!both) return std::unexpected(std::move(both.error()));
    merged = std::move(*both);
  }
  const Values before = server_order_of(list_of(original), list_of(change), field.merge_key);
  out.set(name, Value::array_of(in_order(list_of(merged), wanted, before, field.merge_key)));
  return {};
}

base::Result<void> delete_from_list(Value& out, std::string_view name, const Value& gone) {
  if (!gone.is_array()) return malformed("$deleteFromPrimitiveList/" + std::string(name) + " must be a list");
  if (!out[name].is_array()) return {};
  Values kept = list_of(out[name]);
  std::erase_if(kept, [&](const Value& v) { return std::ranges::find(gone.items(), v) != gone.items().end(); });
  out.set(name, Value::array_of(std::move(kept)));
  return {};
}

base::Result<void> apply_member(Value& out, std::string_view key, const Value& change, const MergeSchema* schema) {
  const Value original = out[key];
  if (change.is_null()) {
    out.erase(key);
    return {};
  }
  base::Result<Value> merged = Value();
  const MergeSchema::Field field = field_of(schema, key);
  if (original.is_object() && change.is_object()) {
    out.set(key, Value());  // so that the object is changed in place
    merged = merge_map(original, change, field.element);
  } else if (original.is_array() && change.is_array()) {
    merged = merge_list(original, change, field);
  } else {
    merged = as_plain(change);
  }
  if (!merged) return std::unexpected(std::move(merged.error()));
  out.set(key, std::move(*merged));
  return {};
}

base::Result<Value> merge_map(const Value& original, const Value& patch, const MergeSchema* schema) {
  if (patch.has(kPatch)) {
    const std::string_view directive = patch[kPatch].as_string();
    if (directive == "replace") return patch.without(kPatch);
    if (directive == "delete") return Value::object();
    if (directive != "merge") return malformed("unknown directive $patch: " + to_json(patch[kPatch]));
  }
  Value out = original.is_object() ? original : Value::object();
  base::Result<void> done = apply_retain_keys(out, patch);
  for (const Member& m : patch.members())
    if (done && m.key.view().starts_with(kOrderPrefix))
      done = apply_element_order(out, patch, m.key.view().substr(kOrderPrefix.size()), m.value, schema);
  for (const Member& m : patch.members()) {
    const std::string_view key = m.key.view();
    const bool ordered = patch.has(std::string(kOrderPrefix) + std::string(key));
    if (done && key.starts_with(kDeletePrefix)) done = delete_from_list(out, key.substr(kDeletePrefix.size()), m.value);
    if (done && !is_directive(key) && !ordered) done = apply_member(out, key, m.value, schema);
  }
  if (!done) return std::unexpected(std::move(done.error()));
  return out;
}

}  // namespace

base::Result<Value> apply_strategic_patch(const Value& document, const Value& patch, const MergeSchema* schema) {
  if (!patch.is_object()) return malformed("a strategic merge patch is an object");
  return merge_map(document, patch, schema);
}

}  // namespace slipway::data
