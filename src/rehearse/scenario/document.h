// Reading a scenario's file: fields with their places, and all problems at once.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/scheme.h"
#include "base/error.h"
#include "data/yaml.h"
#include "rehearse/scenario/scenario.h"

namespace slipway::rehearse::scenario {

// What is wrong with the files of one scenario.
class Problems {
 public:
  void add(std::string file, data::Position at, std::string field, std::string message);
  bool empty() const { return causes_.empty(); }
  base::Error error() const;

 private:
  std::vector<base::Cause> causes_;
  std::string text_;
};

// One field of a document. Readers give a usable value in any case; what was wrong is in Problems.
class Field {
 public:
  Field(const std::string& file, const data::YamlDocument& document, const data::Value& value, std::string path,
        Problems& problems)
      : file_(file), document_(document), value_(value), path_(std::move(path)), problems_(problems) {}

  const data::Value& value() const { return value_; }
  bool is_there() const { return !value_.is_null(); }
  Field at(std::string_view key) const;
  Field at(std::size_t index) const;
  std::string where() const;  // "good-canary.yaml:7"

  void wrong(std::string message) const;
  // Refuses keys that are none of these; false when it is no mapping.
  bool only(std::initializer_list<std::string_view> keys) const;

  std::string text() const;  // required, not empty
  std::int64_t number() const;
  base::Duration duration(base::Duration fallback) const;  // absent: the fallback
  std::vector<std::string> texts() const;                  // a list of scalars
  Conditions conditions() const;                           // one expression, or a list of them
  Object object() const;                                   // of a kind that exists, with fields that exist
  std::vector<Object> objects() const;                     // one or a list
  api::Resource kind_of(std::string_view reference, std::string& name) const;  // "Release/web"

 private:
  const std::string& file_;
  const data::YamlDocument& document_;
  const data::Value& value_;
  std::string path_;
  Problems& problems_;
};

}  // namespace slipway::rehearse::scenario
