// What a Prometheus says, where it may be, and what it is shown. Asked for real: prometheus_test.cpp, tests/cluster.
#include "gateway/prometheus_query.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/strings.h"
#include "gateway/metric_secret.h"

namespace slipway::gateway {
namespace {

using data::Value;

TEST(QueryAnswer, IsANumberNumbersOrNothing) {
  auto read = [](const std::string& data) {
    return read_query_answer(200, R"({"status":"success","data":)" + data + "}");
  };
  EXPECT_EQ((*read(R"({"resultType":"scalar","result":[1,"2.5"]})"))["value"], Value(2.5));
  EXPECT_TRUE((*read(R"({"resultType":"vector","result":[]})"))["value"].is_null());
  EXPECT_EQ((*read(R"({"resultType":"vector","result":[{"metric":{},"value":[1,"3"]}]})"))["value"], Value(3.0));
  EXPECT_EQ((*read(R"({"resultType":"vector","result":[{"value":[1,"3"]},{"value":[1,"4"]}]})"))["value"].size(), 2u);
  EXPECT_TRUE(std::isnan((*read(R"({"resultType":"scalar","result":[1,"NaN"]})"))["value"].as_double()));
  EXPECT_EQ(read(R"({"resultType":"matrix","result":[]})").error().code, base::Code::Invalid);
  EXPECT_EQ(read_query_answer(400, R"({"status":"error","error":"parse error"})").error().code, base::Code::Invalid);
  EXPECT_EQ(read_query_answer(503, "busy").error().code, base::Code::Unavailable);
  EXPECT_EQ(read_query_answer(200, "<html>").error().code, base::Code::Unavailable);
}

Value secret(std::initializer_list<std::pair<const char*, const char*>> texts) {
  Value encoded = Value::object();
  for (const auto& [key, text] : texts) encoded.set(key, base::base64_encode(text));
  return Value::object({{"kind", "Secret"}, {"data", encoded}});
}

TEST(Access, IsAPasswordOrATokenAndWhoSignsTheServer) {
  const auto password = read_access(secret({{"username", "ann"}, {"password", "s3cret\n"}, {"ca.crt", "PEM"}}));
  ASSERT_TRUE(password) << password.error().message;
  EXPECT_EQ(password->authorization, "Basic " + base::base64_encode("ann:s3cret"));
  EXPECT_EQ(password->ca, "PEM");
  EXPECT_EQ(read_access(secret({{"token", "abc"}}))->authorization, "Bearer abc");
  EXPECT_EQ(read_access(secret({{"ca.crt", "PEM"}}))->authorization, "");
}

TEST(Access, IsRefusedWhenItCannotBeUsed) {
  for (const Value& bad :
       {secret({}), secret({{"username", "ann"}}), secret({{"password", "x"}}), secret({{"user", "ann"}}),
        secret({{"username", "ann"}, {"password", "x"}, {"token", "t"}}), secret({{"token", "a\r\nHost: other"}}),
        secret({{"username", "ann:bob"}, {"password", "x"}})}) {
    EXPECT_FALSE(read_access(bad)) << base::hex(bad["data"]["token"].as_string());
  }
}

}  // namespace
}  // namespace slipway::gateway
