// Brings a decoded document into the form of its schema (`conform` in scheme.h).
//
// What is already right is shared, not copied: an object that needs no change comes back as the same tree.
#include <fmt/format.h>

#include "api/problems.h"
#include "api/scheme.h"
#include "base/strings.h"
#include "data/quantity.h"

namespace slipway::api {
namespace {

using data::Value;

// An empty value in Go's sense of omitempty.
bool is_zero(const Value& v) {
  if (v.is_bool()) return !v.as_bool();
  if (v.is_number()) return v.as_double() == 0;
  return v.is_empty();
}

class Conform {
 public:
  Conform(std::vector<std::string>& unknown, Problems& problems) : unknown_(unknown), problems_(problems) {}

  // The value in the form of `schema`; null when it is to be left out.
  Value value(const Schema& schema, const Value& v, const Path& at) {
    if (v.is_null()) return {};
    switch (schema.type) {
      case Type::String:
        return v.is_string() ? v : wrong(v, at, "string");
      case Type::Int32:
        return integer(v, at, INT32_MIN, INT32_MAX);
      case Type::Int64:
        return integer(v, at, INT64_MIN, INT64_MAX);
      case Type::Double:
        return v.is_number() ? v : wrong(v, at, "number");
      case Type::Bool:
        return v.is_bool() ? v : wrong(v, at, "boolean");
      case Type::Quantity:
        return quantity(v, at);
      case Type::IntOrString:
        return v.is_string() ? v : integer(v, at, INT32_MIN, INT32_MAX);
      case Type::Time:
        return time(v, at, base::format_time);
      case Type::MicroTime:
        return time(v, at, base::format_micro_time);
      case Type::Duration:
        return duration(v, at);
      case Type::Bytes:
        return bytes(v, at);
      case Type::Object:
        return object(schema, v, at);
      case Type::Map:
        return map(schema, v, at);
      case Type::List:
        return list(schema, v, at);
      case Type::Any:
        return v;
    }
    return v;
  }

 private:
  Value wrong(const Value& v, const Path& at, std::string_view wanted) {
    problems_.push_back(wrong_type(at, v, wanted));
    return v;
  }

  Value integer(const Value& v, const Path& at, std::int64_t low, std::int64_t high) {
    if (!v.is_number()) return wrong(v, at, "integer");
    const std::int64_t i = v.as_int(INT64_MIN);
    if (i == INT64_MIN && static_cast<double>(i) != v.as_double()) return wrong(v, at, "integer");
    if (i < low || i > high) {
      problems_.push_back(invalid(at, v, fmt::format("must be between {} and {}, inclusive", low, high)));
      return v;
    }
    return v.is_int() ? v : Value(i);
  }

  Value quantity(const Value& v, const Path& at) {
    if (!v.is_string() && !v.is_number()) return wrong(v, at, "string");
    const std::string text = v.is_string() ? v.str() : data::to_json(v);
    auto canonical = data::Quantity::canonical(text);
    if (!canonical) {
      problems_.push_back(invalid(at, v, "must be a quantity such as \"500m\", \"1.5\" or \"64Mi\""));
      return v;
    }
    return v.is_string() && *canonical == text ? v : Value(*canonical);
  }

  Value time(const Value& v, const Path& at, std::string (*format)(base::Time)) {
    if (!v.is_string()) return wrong(v, at, "string");
    auto t = base::parse_time(v.as_string());
    if (!t) {
      problems_.push_back(invalid(at, v, "must be a time in RFC 3339, such as 2006-01-02T15:04:05Z"));
      return v;
    }
    std::string text = format(*t);
    return text == v.as_string() ? v : Value(text);
  }

  Value duration(const Value& v, const Path& at) {
    if (!v.is_string()) return wrong(v, at, "string");
    auto d = base::parse_duration(v.as_string());
    if (d) return Value(base::format_duration(*d));
    problems_.push_back(invalid(at, v, "must be a duration such as \"30s\" or \"1h15m\""));
    return v;
  }

  Value bytes(const Value& v, const Path& at) {
    if (!v.is_string()) return wrong(v, at, "string");
    if (!base::base64_decode(v.as_string())) problems_.push_back(invalid(at, Value("<data>"), "must be base64"));
    return v;
  }

  Value object(const Schema& schema, const Value& v, const Path& at) {
    if (!v.is_object()) return wrong(v, at, "object");
    Value out = v;
    for (const data::Member& m : v.members()) {
      const Path here = at.at(m.key.view());
      if (const Field* field = schema.find(m.key.view())) {
        member(*field, m, here, out);
      } else if (!schema.preserve_unknown) {
        unknown_.push_back(here.text());
        out.erase(m.key.view());
      }
    }
    return out;
  }

  void member(const Field& field, const data::Member& m, const Path& at, Value& out) {
    if (m.value.is_null() && field.type->nullable) return;
    Value conformed = value(*field.type, m.value, at);
    if (conformed.is_null() || (field.omit_empty && is_zero(conformed)))
      out.erase(field.name);
    else if (!same(conformed, m.value))
      out.set(field.name, std::move(conformed));
  }

  Value map(const Schema& schema, const Value& v, const Path& at) {
    if (!v.is_object()) return wrong(v, at, "object");
    Value out = v;
    for (const data::Member& m : v.members()) {
      if (m.value.is_null()) {
        if (schema.items->nullable) continue;
        if (schema.items->type == Type::String)
          out.set(m.key.view(), "");  // Go's zero value
        else
          out.erase(m.key.view());
        continue;
      }
      Value conformed = value(*schema.items, m.value, at.at_key(m.key.view()));
      if (!same(conformed, m.value)) out.set(m.key.view(), std::move(conformed));
    }
    return out;
  }

  Value list(const Schema& schema, const Value& v, const Path& at) {
    if (!v.is_array()) return wrong(v, at, "array");
    Value out = v;
    for (std::size_t i = 0; i < v.size(); ++i) {
      const Value& item = v.at(i);
      if (item.is_null() && schema.items->type != Type::Any && !schema.items->nullable) {
        problems_.push_back(wrong_type(at.at(i), item, "object"));
        continue;
      }
      Value conformed = value(*schema.items, item, at.at(i));
      if (!same(conformed, item)) out.set_at(i, std::move(conformed));
    }
    return out;
  }

  static bool same(const Value& a, const Value& b) { return a.shares(b) || a == b; }

  std::vector<std::string>& unknown_;
  Problems& problems_;
};

}  // namespace

Value conform(const Kind& kind, const Value& object, std::vector<std::string>& unknown,
              std::vector<base::Cause>& problems) {
  return Conform(unknown, problems).value(*kind.schema, object, Path());
}

}  // namespace slipway::api
