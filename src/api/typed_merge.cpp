#include "api/typed_merge.h"

#include <set>

#include "api/validate.h"

namespace slipway::api {
namespace {

using data::Value;

enum class Shape { Leaf, Fields, Items };

// How a value is taken apart. A shared, empty schema stands for what nobody described.
const Schema kUnknown;

Shape shape_of(const Schema& schema, const Value& v) {
  if (schema.atomic) return Shape::Leaf;
  if (schema.type == Type::List) return schema.list != ListKind::Atomic && v.is_array() ? Shape::Items : Shape::Leaf;
  const bool has_fields = schema.type == Type::Object || schema.type == Type::Map || schema.type == Type::Any;
  return has_fields && v.is_object() ? Shape::Fields : Shape::Leaf;
}

// Of two values: one that is absent takes the shape of the other.
Shape shape_of(const Schema& schema, const Value& a, const Value& b) {
  if (a.is_null()) return shape_of(schema, b);
  if (b.is_null()) return shape_of(schema, a);
  const Shape shape = shape_of(schema, a);
  return shape == shape_of(schema, b) ? shape : Shape::Leaf;
}

const Schema& schema_of(const Schema& schema, std::string_view field) {
  if (schema.type == Type::Map) return *schema.items;
  const Field* found = schema.find(field);
  return found ? *found->type : kUnknown;
}

std::string element_of(const Schema& list, const Value& item) {
  return list.list == ListKind::Map ? key_element(list_key(list, item)) : value_element(item);
}

using Items = std::map<std::string, const Value*, std::less<>>;

// Items by their element; of several with one key the first.
Items items_of(const Schema& list, const Value& v) {
  Items out;
  for (const Value& item : v.items()) out.try_emplace(element_of(list, item), &item);
  return out;
}

void add_fields(const Schema& schema, const Value& v, FieldSet& at) {
  switch (v.is_empty() ? Shape::Leaf : shape_of(schema, v)) {
    case Shape::Leaf:
      at.set_member(true);
      break;
    case Shape::Fields:
      for (const data::Member& m : v.members()) {
        FieldSet& child = at.make_child(field_element(m.key.view()));
        add_fields(schema_of(schema, m.key.view()), m.value, child);
        if (schema.type == Type::Map) child.set_member(true);
      }
      break;
    case Shape::Items:
      for (const Value& item : v.items()) {
        FieldSet& child = at.make_child(element_of(schema, item));
        if (schema.list == ListKind::Map) add_fields(*schema.items, item, child);
        child.set_member(true);
      }
      break;
  }
}

// Does Go's zero object have this field already? Then its appearing says nothing, only what is in it.
bool is_always_there(const Field* field) {
  return field && field->type->type != Type::Any &&
         (field->required || (field->type->type == Type::Object && field->omit_empty));
}

class Compare {
 public:
  Comparison result;

  void run(const Schema& schema, const Value& a, const Value& b) {
    walk(schema, a, b, result.added, result.removed, result.modified);
  }

 private:
  // The three sets stand at the path of `a` and `b`.
  void walk(const Schema& schema, const Value& a, const Value& b, FieldSet& added, FieldSet& removed,
            FieldSet& modified) {
    if (a.shares(b)) return;
    switch (shape_of(schema, a, b)) {
      case Shape::Leaf:
        if (!a.is_null() && !b.is_null() && a != b) modified.set_member(true);
        break;
      case Shape::Fields:
        fields(schema, a, b, added, removed, modified);
        break;
      case Shape::Items:
        items(schema, a, b, added, removed, modified);
        break;
    }
  }

  void step(const Schema& schema, const Value& a, const Value& b, const std::string& element, bool always_there,
            FieldSet& added, FieldSet& removed, FieldSet& modified) {
    if (a.shares(b) || a == b) return;
    FieldSet plus, minus, other;
    if (a.is_null() && (!always_there || b.is_empty() || shape_of(schema, b) == Shape::Leaf)) plus.set_member(true);
    if (b.is_null()) minus.set_member(true);
    walk(schema, a, b, plus, minus, other);
    put(added, element, plus);
    put(removed, element, minus);
    put(modified, element, other);
  }

  static void put(FieldSet& set, const std::string& element, FieldSet& child) {
    if (!child.is_empty()) set.make_child(element) = std::move(child);
  }

  void fields(const Schema& schema, const Value& a, const Value& b, FieldSet& added, FieldSet& removed,
              FieldSet& modified) {
    std::set<std::string_view> names;
    for (const Value* v : {&a, &b})
      for (const data::Member& m : v->members()) names.insert(m.key.view());
    for (std::string_view name : names)
      step(schema_of(schema, name), a[name], b[name], field_element(name),
           schema.type == Type::Object && is_always_there(schema.find(name)), added, removed, modified);
  }

  void items(const Schema& schema, const Value& a, const Value& b, FieldSet& added, FieldSet& removed,
             FieldSet& modified) {
    const Items before = items_of(schema, a), after = items_of(schema, b);
    std::set<std::string_view> elements;
    for (const Items* each : {&before, &after})
      for (const auto& [element, item] : *each) elements.insert(element);
    auto value_in = [](const Items& items, std::string_view element) -> const Value& {
      auto it = items.find(element);
      return it == items.end() ? data::kNull : *it->second;
    };
    for (std::string_view element : elements)
      step(*schema.items, value_in(before, element), value_in(after, element), std::string(element), false, added,
           removed, modified);
  }
};

Value merged_items(const Schema& schema, const Value& live, const Value& applied) {
  const Items ours = items_of(schema, live), theirs = items_of(schema, applied);
  std::vector<Value> out;
  std::set<std::string> done;
  std::size_t next = 0;  // of `live`
  // What only `live` has keeps its place before the next common item.
  auto take_live_until_common = [&] {
    for (; next < live.size(); ++next) {
      const std::string element = element_of(schema, live.at(next));
      if (theirs.contains(element)) break;
      out.push_back(live.at(next));
    }
  };
  for (const Value& item : applied.items()) {
    const std::string element = element_of(schema, item);
    if (!done.insert(element).second) continue;
    auto mine = ours.find(element);
    take_live_until_common();
    const Value& base = mine == ours.end() ? data::kNull : *mine->second;
    out.push_back(schema.list == ListKind::Map ? merged(*schema.items, base, item) : item);
    while (next < live.size() && done.contains(element_of(schema, live.at(next)))) ++next;
  }
  for (; next < live.size(); ++next)
    if (!theirs.contains(element_of(schema, live.at(next)))) out.push_back(live.at(next));
  return Value::array_of(std::move(out));
}

Value without_items(const Schema& schema, const Value& list, const FieldSet& fields) {
  std::vector<Value> out;
  for (const Value& item : list.items()) {
    const FieldSet* child = fields.child(element_of(schema, item));
    if (child && child->is_member()) continue;
    out.push_back(child && schema.list == ListKind::Map ? without_fields(*schema.items, item, *child) : item);
  }
  return out.empty() ? Value() : Value::array_of(std::move(out));
}

}  // namespace

FieldSet fields_of(const Schema& schema, const Value& object) {
  FieldSet out;
  add_fields(schema, object, out);
  return out;
}

Comparison compare(const Schema& schema, const Value& before, const Value& after) {
  Compare walk;
  walk.run(schema, before, after);
  return std::move(walk.result);
}

Value merged(const Schema& schema, const Value& live, const Value& applied) {
  if (live.is_null() || applied.is_null()) return applied.is_null() ? live : applied;
  switch (shape_of(schema, live, applied)) {
    case Shape::Leaf:
      return live == applied ? live : applied;
    case Shape::Items: {
      Value out = merged_items(schema, live, applied);
      return out == live ? live : out;
    }
    case Shape::Fields:
      break;
  }
  Value out = live;
  for (const data::Member& m : applied.members()) {
    Value value = merged(schema_of(schema, m.key.view()), live[m.key.view()], m.value);
    if (!value.shares(live[m.key.view()])) out.set(m.key.view(), std::move(value));
  }
  return out == live ? live : out;
}

Value without_fields(const Schema& schema, const Value& object, const FieldSet& fields) {
  switch (shape_of(schema, object)) {
    case Shape::Leaf:
      return object;
    case Shape::Items:
      return without_items(schema, object, fields);
    case Shape::Fields:
      break;
  }
  Value out = object;
  for (const data::Member& m : object.members()) {
    const FieldSet* child = fields.child(field_element(m.key.view()));
    if (!child) continue;
    Value left = child->is_member() ? Value() : without_fields(schema_of(schema, m.key.view()), m.value, *child);
    if (left.is_null())
      out.erase(m.key.view());
    else if (!left.shares(m.value))
      out.set(m.key.view(), std::move(left));
  }
  return out.is_empty() && !object.is_empty() ? Value() : out;
}

std::string find_duplicate_item(const Schema& schema, const Value& object, const std::string& at) {
  if (shape_of(schema, object) == Shape::Items) {
    std::set<std::string> seen;
    for (const Value& item : object.items()) {
      const std::string element = element_of(schema, item);
      FieldSet one;
      one.make_child(element).set_member(true);
      const std::string here = at + one.paths().front();
      if (!seen.insert(element).second) return here;
      if (std::string inside = find_duplicate_item(*schema.items, item, here); !inside.empty()) return inside;
    }
  }
  if (shape_of(schema, object) == Shape::Fields)
    for (const data::Member& m : object.members())
      if (std::string inside = find_duplicate_item(schema_of(schema, m.key.view()), m.value, at + "." + m.key.str());
          !inside.empty())
        return inside;
  return {};
}

}  // namespace slipway::api
