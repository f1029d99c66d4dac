// Label and field selectors (Kubernetes concepts pages "Labels and Selectors", "Field Selectors").
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/value.h"

namespace slipway::data {

struct Requirement {
  enum class Op { In, NotIn, Exists, DoesNotExist };
  std::string key;
  Op op = Op::Exists;
  std::vector<std::string> values;  // for In and NotIn, sorted
  bool operator==(const Requirement&) const = default;
};

// A conjunction of requirements over labels; empty matches everything.
class LabelSelector {
 public:
  // Query-string syntax: "app=web,tier!=db,env in (a,b),!legacy". BadRequest on a syntax error, or when a key or value
  // is not allowed as a label.
  static base::Result<LabelSelector> parse(std::string_view text);
  // metav1.LabelSelector {matchLabels, matchExpressions}; a null Value matches *nothing*, as in Kubernetes. Invalid on
  // wrong operators, or values that do not fit the operator.
  static base::Result<LabelSelector> from_value(const Value& selector);
  static LabelSelector of(const Value& labels);  // equality on each label; no labels match everything

  bool matches(const Value& labels) const;  // an object of strings, or null for none
  bool is_empty() const { return !nothing_ && requirements_.empty(); }
  const std::vector<Requirement>& requirements() const { return requirements_; }
  bool matches_nothing() const { return nothing_; }
  // Parseable query-string syntax, sorted by key. For a selector that matches nothing: terms that nothing can satisfy.
  std::string text() const;
  bool operator==(const LabelSelector&) const = default;

 private:
  std::vector<Requirement> requirements_;
  bool nothing_ = false;
};

// "metadata.name=web-1,status.phase!=Running": equality terms over dotted paths, all must hold. A backslash takes the
// special meaning from the comma, equals sign or backslash after it.
class FieldSelector {
 public:
  struct Term {
    std::string path;
    bool equal = true;
    std::string value;
    bool operator==(const Term&) const = default;
  };
  static base::Result<FieldSelector> parse(std::string_view text);

  bool matches(const Value& object) const;  // absent fields compare as ""; bools and numbers by their text
  bool is_empty() const { return terms_.empty(); }
  const std::vector<Term>& terms() const { return terms_; }
  std::string_view required(std::string_view path) const;  // the value that an equality term asks for, or ""
  bool operator==(const FieldSelector&) const = default;

 private:
  std::vector<Term> terms_;
};

}  // namespace slipway::data
