// The parts of web_query.h that need no socket.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/jsonpath.h"
#include "base/strings.h"
#include "data/json.h"
#include "gateway/web_query.h"

namespace slipway::gateway {
namespace {

using base::Code;
using base::Result;
using data::Value;

constexpr std::size_t kShownText = 80;  // of an answer, in a message

bool is_token(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](unsigned char c) {
    return (c < 0x80 && std::isalnum(c) != 0) || kMarks.contains(static_cast<char>(c));
  });
}

bool is_field_value(std::string_view value) {
  return std::ranges::all_of(value, [](unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7f); });
}

// What the client says itself.
bool is_ours(std::string_view name) {
  constexpr std::array kOurs = {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te"};
  return std::ranges::any_of(kOurs, [&](const char* each) { return base::equals_ignoring_case(name, each); });
}

// May the path rightly find nothing, or several?
bool is_selection(std::string_view path) { return path.contains('*') || path.contains("?("); }

std::string beginning_of(std::string_view text) {
  std::string out(text.substr(0, kShownText));
  std::ranges::replace_if(out, [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
  return out;
}

base::Error wrong(const Value& question, const std::string& why, Code code = Code::Invalid) {
  return {code, fmt::format("{}: {}", shown_url(question["url"].as_string()), why)};
}

Result<Value> at_path(const Value& question, const Value& document, const char* field) {
  const std::string_view path = question[field].as_string();
  const auto found = api::find_all(document, path);
  if (!found) return base::fail(wrong(question, fmt::format("{}: {}", field, found.error().message)));
  if (is_selection(path)) {
    if (found->empty()) return Value();
    return found->size() == 1 ? found->front() : Value::array_of(std::vector<Value>(*found));
  }
  if (found->empty())
    return base::fail(
        wrong(question, fmt::format("the answer has nothing at {} {}: check provider.web.{}", field, path, field)));
  return found->front();
}

Result<Value> samples_of(const Value& question, const Value& document) {
  auto samples = at_path(question, document, "samplesPath");
  if (!samples || samples->is_null()) return samples;
  if (samples->is_int() && samples->as_int() >= 0) return samples;
  constexpr double kMost = 9e15;  // whole numbers up to here are exact
  const double number = samples->is_number() ? samples->as_double() : -1;
  if (number >= 0 && number <= kMost) return Value(static_cast<std::int64_t>(number));
  return base::fail(wrong(question, fmt::format("samplesPath must lead to a number of events, not to {}",
                                                beginning_of(data::to_json(*samples)))));
}

std::string advice_for(int status) {
  if (status >= 300 && status < 400) return "; redirects are not followed: name the address that it leads to";
  if (status == 401 || status == 403) return "; provider.web.secret names the Secret with what it asks for";
  if (status == 404) return "; check provider.web.url";
  return "";
}

}  // namespace

std::string shown_url(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const auto scheme = url.find("://");
  if (scheme == url.npos) return beginning_of(url);
  const auto begin = scheme + 3, end = std::min(url.find('/', begin), url.size());
  const auto at = url.substr(begin, end - begin).rfind('@');
  std::string shown(url);
  if (at != url.npos) shown.erase(begin, at + 1);
  return shown;
}

Result<http::Headers> web_headers(const Value& question, const Value& secret) {
  http::Headers out;
  for (const Value& header : question["headers"].items()) {
    const std::string name = header["name"].str(), key = header["secretKey"].str();
    std::string value = header["value"].str();
    if (!key.empty()) {
      const auto kept = secret_text(secret, key);
      if (!kept) return base::fail(Code::Invalid, fmt::format("the Secret has no key {} for header {}", key, name));
      value = *kept;
    }
    if (!is_token(name) || is_ours(name))
      return base::fail(Code::Invalid, fmt::format("\"{}\" may not be sent as a header", name));
    if (!is_field_value(value))
      return base::fail(Code::Invalid, fmt::format("the value of header {} has control characters", name));
    out.add(name, value);
  }
  if (!question["body"].as_string().empty() && !out.has("Content-Type")) out.add("Content-Type", "application/json");
  if (!out.has("Accept")) out.add("Accept", "application/json, */*;q=0.5");
  return out;
}

Result<Value> read_web_answer(const Value& question, int status, std::string_view body) {
  if (question["statusOnly"].as_bool()) return Value::object({{"value", status}});
  if (status < 200 || status > 299)
    return base::fail(
        wrong(question, fmt::format("answered with status {}{}", status, advice_for(status)), Code::Unavailable));
  const bool wants_json = question.has("jsonPath") || question.has("samplesPath");
  const auto document = data::parse_json(body);
  if (!document && wants_json)
    return base::fail(
        wrong(question, fmt::format("the answer is not JSON ({}): {}", document.error().message, beginning_of(body))));
  Value out = Value::object({{"value", document ? *document : Value(std::string(body))}});
  if (question.has("jsonPath")) {
    auto value = at_path(question, *document, "jsonPath");
    if (!value) return base::fail(value.error());
    out.set("value", std::move(*value));
  }
  if (question.has("samplesPath")) {
    auto samples = samples_of(question, *document);
    if (!samples) return base::fail(samples.error());
    if (!samples->is_null()) out.set("samples", *samples);
  }
  return out;
}

}  // namespace slipway::gateway
