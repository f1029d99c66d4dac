#include "delivery/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/patch.h"

namespace slipway::delivery {
namespace {

TEST(Commands, are_read_as_they_were_written) {
  const Command c{.id = "42", .verb = Verb::Undo, .by = "alice", .reason = "it's \"slow\"", .revision = 3};
  EXPECT_EQ(**command_of(data::apply_merge_patch(data::Value::object(), command_patch(c))), c);
  EXPECT_EQ(*command_of(data::Value::object()), std::nullopt);
}

TEST(Commands, are_told_as_people_type_them) {
  const auto all = {typed({.verb = Verb::Promote}),
                    typed({.verb = Verb::PromoteFull}),
                    typed({.verb = Verb::PromoteNow}),
                    typed({.verb = Verb::PromoteTo, .revision = {}, .step = 3}),
                    typed({.verb = Verb::Abort}),
                    typed({.verb = Verb::Retry}),
                    typed({.verb = Verb::Back}),
                    typed({.verb = Verb::Undo}),
                    typed({.verb = Verb::Undo, .revision = 2})};
  EXPECT_THAT(all, ::testing::ElementsAre("promote", "promote --full", "promote --now", "promote --to-step 3", "abort",
                                          "retry", "back", "undo", "undo --to 2"));
}

TEST(Commands, that_are_none_are_refused) {
  for (const char* text : {"promote", "{}", R"({"id":"1","verb":"dance"})"}) {
    data::Value release;
    release.set({"metadata", "annotations", "slipway.dev/command"}, text);
    EXPECT_FALSE(command_of(release)) << text;
  }
}

}  // namespace
}  // namespace slipway::delivery
