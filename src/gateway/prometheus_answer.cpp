// The parts of prometheus.h and prometheus_query.h that need neither process nor socket.
#include <crypt.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/strings.h"
#include "data/json.h"
#include "gateway/prometheus.h"
#include "gateway/prometheus_query.h"
#include "gateway/service.h"

namespace slipway::gateway {
namespace {

using data::Value;

// [time, "text"]; numbers come as text, with NaN and Inf.
base::Result<double> sample(const Value& pair) {
  auto parsed = base::parse_double(pair.at(1).as_string());
  std::string_view text = pair.at(1).as_string();
  if (parsed) return *parsed;
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "+Inf") return std::numeric_limits<double>::infinity();
  if (text == "-Inf") return -std::numeric_limits<double>::infinity();
  return base::fail(base::Code::Unavailable,
                    "Prometheus answered with a value that is no number: " + std::string(text.substr(0, 80)));
}

base::Result<Value> vector(const Value& result) {
  Value values = Value::array();
  for (const Value& series : result.items()) {
    auto value = sample(series["value"]);
    if (!value) return base::fail(value.error());
    values.push_back(*value);
  }
  if (values.size() == 0) return Value();
  return values.size() == 1 ? values.at(0) : values;
}

}  // namespace

base::Result<Value> read_query_answer(int status, const std::string& body) {
  auto parsed = data::parse_json(body);
  std::string said = parsed ? (*parsed)["error"].str() : "";
  if (status == 400 || status == 422) return base::fail(base::Code::Invalid, "Prometheus refuses the query: " + said);
  if (status == 401 || status == 403)
    return base::fail(status == 401 ? base::Code::Unauthorized : base::Code::Forbidden,
                      "Prometheus answered with status " + std::to_string(status) +
                          ": provider.prometheus.secret names the Secret with its password or token");
  if (status != 200 || !parsed || (*parsed)["status"].as_string() != "success") {
    return base::fail(base::Code::Unavailable,
                      "Prometheus answered with status " + std::to_string(status) + (said.empty() ? "" : ": " + said));
  }
  const Value& data = (*parsed)["data"];
  base::Result<Value> value =
      base::fail(base::Code::Invalid, "the query must give a number or numbers, not a " + data["resultType"].str());
  if (data["resultType"].as_string() == "vector") value = vector(data["result"]);
  if (data["resultType"].as_string() == "scalar") {
    auto number = sample(data["result"]);
    if (!number) return base::fail(number.error());
    value = Value(*number);
  }
  if (!value) return value;
  return Value::object({{"value", *value}});
}

base::Result<PrometheusAccess> read_access(const Value& secret) {
  const Value& encoded = secret["data"];
  const auto text = [&](const char* key) -> std::optional<std::string> {
    if (!encoded.has(key)) return std::nullopt;
    const auto bytes = base::base64_decode(encoded[key].as_string());
    return bytes ? std::string(base::trim(*bytes)) : std::string();
  };
  const auto user = text("username"), password = text("password"), token = text("token"), ca = text("ca.crt");
  const auto invalid = [](const char* why) { return base::fail(base::Code::Invalid, why); };
  if (user.has_value() != password.has_value()) return invalid("username and password belong together");
  if (user && token) return invalid("has both a password and a token");
  if (!user && !token && !ca) return invalid("has none of username and password, token, ca.crt");
  PrometheusAccess access{.ca = ca.value_or("")};
  for (const auto& one : {user, password, token})
    if (one && std::ranges::any_of(*one, [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
      return invalid("has control characters in its password or token");
  if (user && user->contains(':')) return invalid("its username has a colon");
  if (user) access.authorization = "Basic " + base::base64_encode(*user + ":" + *password);
  if (token) access.authorization = "Bearer " + *token;
  return access;
}

base::Result<void> check_egress(const std::string& host, bool allow_loopback) {
  std::string name = base::to_lower(host);
  bool v6 = name.find(':') != std::string::npos;
  bool link_local = (is_ipv4(name) && name.starts_with("169.254.")) || (v6 && name.starts_with("fe80")) ||
                    name == "metadata.google.internal";
  bool loopback = name == "localhost" || name.ends_with(".localhost") ||
                  (is_ipv4(name) && (name.starts_with("127.") || name.starts_with("0."))) || name == "::1" ||
                  name == "::" || name.starts_with("::ffff:");
  if (link_local) return base::fail(base::Code::Forbidden, "metrics are not read from link-local addresses: " + host);
  if (loopback && !allow_loopback)
    return base::fail(base::Code::Forbidden,
                      "metrics are not read from this machine unless the administrator allows it: " + host);
  return {};
}

std::string hash_password(const std::string& password, const std::string& random_16_bytes) {
  // The password is long and random, so the cheapest cost that Go's bcrypt likes serves, and queries stay fast.
  char salt[CRYPT_GENSALT_OUTPUT_SIZE];
  SLIPWAY_CHECK(
      crypt_gensalt_rn("$2b$", 5, random_16_bytes.data(), static_cast<int>(random_16_bytes.size()), salt, sizeof salt));
  crypt_data data{};
  const char* hash = crypt_rn(password.c_str(), salt, &data, sizeof data);
  SLIPWAY_CHECK(hash != nullptr);
  return hash;
}

}  // namespace slipway::gateway
