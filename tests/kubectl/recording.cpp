#include "recording.h"

#include "base/strings.h"
#include "data/json.h"
#include "runtime/file.h"

namespace slipway::tests {
namespace {

using data::Value;

Value to_value(const Recorded& r) {
  Value line = Value::object({{"method", r.method}, {"target", r.target}, {"accept", r.accept}, {"status", r.status}});
  if (!r.content_type.empty()) line.set("type", r.content_type);
  if (r.body.empty()) return line;
  bool text = base::is_utf8(r.body) && r.body.find('\0') == std::string::npos;
  line.set(text ? "body" : "base64", text ? r.body : base::base64_encode(r.body));
  return line;
}

Recorded from_value(const Value& line) {
  Recorded r{.method = line["method"].str(),
             .target = line["target"].str(),
             .content_type = line["type"].str(),
             .accept = line["accept"].str(),
             .body = line["body"].str(),
             .status = static_cast<int>(line["status"].as_int())};
  if (line.has("base64")) r.body = base::base64_decode(line["base64"].as_string()).value_or("");
  return r;
}

}  // namespace

base::Result<std::vector<Recorded>> load_recording(const std::string& path) {
  auto text = runtime::read_file(path);
  if (!text) return base::fail(text.error());
  std::vector<Recorded> out;
  for (std::string_view line : base::split(*text, '\n')) {
    if (line.empty()) continue;
    auto value = data::parse_json(line);
    if (!value) return base::fail(value.error());
    out.push_back(from_value(*value));
  }
  return out;
}

base::Result<void> save_recording(const std::string& path, const std::vector<Recorded>& requests) {
  std::string text;
  for (const Recorded& request : requests) text += data::to_json(to_value(request)) + "\n";
  return runtime::write_file(path, text);
}

}  // namespace slipway::tests
