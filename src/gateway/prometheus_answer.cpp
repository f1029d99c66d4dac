// The parts of prometheus.h and prometheus_query.h that need neither process nor socket.
#include <crypt.h>

#include <cstring>

#include "base/strings.h"
#include "data/json.h"
#include "gateway/prometheus.h"
#include "gateway/prometheus_query.h"

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
