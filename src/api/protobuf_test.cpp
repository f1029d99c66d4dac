#include "api/testing.h"

namespace slipway::api {
namespace {

using data::Value;
using testing::conformance;

std::string tag(int number, std::string_view bytes) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  out += static_cast<char>(bytes.size());
  return out.append(bytes);
}

std::string envelope(std::string_view api_version, std::string_view kind, std::string_view object) {
  return std::string("k8s\0", 4) + tag(1, tag(1, api_version) + tag(2, kind)) + tag(2, object);
}

TEST(Protobuf, DecodesTheBodyOfAConfigMap) {
  const std::string object = tag(1, tag(1, "settings") + tag(8, "")) + tag(2, tag(1, "key") + tag(2, "value"));
  auto decoded = decode_protobuf(*Scheme::builtin(), envelope("v1", "ConfigMap", object));
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_EQ(data::to_json(testing::conformed(testing::kind(kConfigMaps), *decoded)),
            R"({"apiVersion":"v1","data":{"key":"value"},"kind":"ConfigMap","metadata":{"name":"settings"}})");
}

TEST(Protobuf, EmptyMeansAbsent) {
  // A Deployment as Go writes it: empty status, zero scalars.
  const std::string object =
      tag(1, tag(1, "web") + tag(2, "")) + tag(2, tag(3, tag(1, ""))) + tag(3, std::string("\x08\x00", 2));
  auto decoded = decode_protobuf(*Scheme::builtin(), envelope("apps/v1", "Deployment", object));
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  const Value conformed = testing::conformed(testing::kind(kDeployments), *decoded);
  EXPECT_TRUE(conformed["status"].is_null()) << data::to_json(conformed);
  EXPECT_EQ(data::to_json(conformed["metadata"]), R"({"name":"web"})");
}

TEST(Protobuf, RefusesWhatItCannotRead) {
  const auto scheme = Scheme::builtin();
  const std::string good = envelope("v1", "ConfigMap", tag(1, tag(1, "a")));
  ASSERT_TRUE(decode_protobuf(*scheme, good).has_value());
  auto message = [&](std::string_view bytes) {
    auto result = decode_protobuf(*scheme, bytes);
    return result ? std::string("ok") : result.error().message;
  };
  EXPECT_EQ(message("{}"), "the body is not a Kubernetes protobuf message");
  EXPECT_EQ(message(good.substr(0, good.size() - 1)), "the protobuf envelope is malformed");
  EXPECT_EQ(message(envelope("v1", "Nothing", "")), "no kind \"Nothing\" is registered for version \"v1\" in protobuf");
  EXPECT_EQ(message(envelope("v1", "ConfigMap", "\x0a\x7f")),
            "cannot decode the protobuf ConfigMap: malformed message");
  EXPECT_EQ(message(envelope("v1", "ConfigMap", tag(1, tag(1, "\xff")))),
            "cannot decode the protobuf ConfigMap: text is not UTF-8");
  EXPECT_EQ(message(envelope("v1", "ConfigMap", "\x08\x01")),
            "cannot decode the protobuf ConfigMap: a field has the wrong wire type");
}

TEST(Protobuf, UnknownFieldsAreSkipped) {
  auto decoded = decode_protobuf(*Scheme::builtin(), envelope("v1", "ConfigMap", tag(1, tag(1, "a")) + tag(15, "new")));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ((*decoded)["metadata"]["name"].as_string(), "a");
}

TEST(Conformance, ProtobufBodiesDecodeToTheirJson) {
  if (conformance().empty()) GTEST_SKIP() << "no conformance data (SLIPWAY_CONFORMANCE)";
  const auto scheme = Scheme::builtin();
  int compared = 0;
  for (const auto& kind : scheme->kinds()) {
    const std::string group = kind->resource.group.empty() ? "core" : kind->resource.group;
    const auto base =
        conformance() / "kubernetes-api" / (group + "." + kind->resource.version + "." + kind->resource.kind);
    if (kind->custom || !std::filesystem::exists(base.string() + ".pb")) continue;
    SCOPED_TRACE(kind->resource.kind);
    auto decoded = decode_protobuf(*scheme, testing::read_file(base.string() + ".pb"));
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    const Value expected = testing::json(testing::read_file(base.string() + ".json"));
    EXPECT_EQ(data::to_json(testing::conformed(*kind, *decoded)), data::to_json(testing::conformed(*kind, expected)));
    ++compared;
  }
  EXPECT_GE(compared, 18);
}

}  // namespace
}  // namespace slipway::api
