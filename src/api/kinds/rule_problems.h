// What the rules of our own kinds share (release_rules.h). Every problem names its field path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/value.h"

namespace slipway::api::rules {

struct Problems {
  std::vector<base::Cause>& list;
  void required(const std::string& field, std::string_view why);
  void invalid(const std::string& field, const data::Value& value, std::string_view why);
  void forbidden(const std::string& field, std::string_view why);
};

// Each looks at owner[key], or at the field that it is named after, if it is there.
void check_duration(Problems& out, const data::Value& owner, const char* key, const std::string& path);
void check_count(Problems& out, const data::Value& owner, const char* key, const std::string& path, std::int64_t least);
void check_percent(Problems& out, const data::Value& owner, const std::string& path);
void check_analysis(Problems& out, const data::Value& analysis, const std::string& path);
// {header, cookie, query}: exactly one of them.
void check_source(Problems& out, const data::Value& source, const std::string& path);
// The same with {bucketHeader}.
void check_key(Problems& out, const data::Value& key, const std::string& path);
// A part of users: more than nothing.
void check_share(Problems& out, const data::Value& owner, const std::string& path);

// A name that a Service could have.
bool is_label(std::string_view name);
// {gateway}, {prometheus}, {web}, {job} or {process}: exactly one of them.
void check_provider(Problems& out, const data::Value& provider, const std::string& path);

// Conditions and queries of a metric, as far as they can be read without the values of its arguments.
void check_languages(Problems& out, const data::Value& metric, const std::string& path);

void check_rolling(Problems& out, const data::Value& rolling, const std::string& path);
// What the target's kind cannot do.
void check_target(Problems& out, const data::Value& spec);
void check_budget(Problems& out, const data::Value& strategy, const std::string& path);
void check_hooks(Problems& out, const data::Value& hooks);
void check_gray(Problems& out, const data::Value& gray, const std::string& path);
void check_ab_test(Problems& out, const data::Value& test, const data::Value& traffic, const std::string& path);

}  // namespace slipway::api::rules
