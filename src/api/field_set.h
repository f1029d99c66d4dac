// Sets of field paths, in the form of metadata.managedFields (FieldsV1).
//
// A path is a chain of elements in FieldsV1's own notation: "f:name" a field, "k:{"name":"web"}" the list item with
// this key, "v:"x"" the item of a set with this value. A set is a tree: a node says whether the path to it is in the
// set.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/value.h"

namespace slipway::api {

class FieldSet {
 public:
  // From and to FieldsV1: {"f:spec":{"f:replicas":{}}}; "." stands for the node itself.
  static FieldSet from_value(const data::Value& fields);
  data::Value to_value() const;

  bool is_member() const { return member_; }  // the path of this node is in the set
  void set_member(bool member) { member_ = member; }
  bool is_empty() const;
  const FieldSet* child(std::string_view element) const;  // null: nothing there
  FieldSet& make_child(std::string_view element) { return children_[std::string(element)]; }
  void erase_child(std::string_view element);
  const std::map<std::string, FieldSet, std::less<>>& children() const { return children_; }

  FieldSet united(const FieldSet& other) const;
  FieldSet without(const FieldSet& other) const;  // members of this that are not members of `other`
  FieldSet common_with(const FieldSet& other) const;
  // The set with every field that leads to a member as a member too (list items and values aside).
  FieldSet with_named_parents() const;

  // Each member as Kubernetes writes paths: `.spec.template.spec.containers[name="web"].image`, sorted.
  std::vector<std::string> paths() const;
  bool operator==(const FieldSet& other) const = default;

 private:
  void prune();  // drops children that hold nothing

  bool member_ = false;
  std::map<std::string, FieldSet, std::less<>> children_;
};

std::string field_element(std::string_view name);
std::string key_element(const data::Value& key);
std::string value_element(const data::Value& value);

}  // namespace slipway::api
