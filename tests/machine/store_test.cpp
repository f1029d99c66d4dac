// Disks that fill up and stores that are damaged: nothing that was acknowledged is lost, and nothing is pretended.
#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "program.h"

namespace slipway::machine {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

void write_config_maps(const std::string& path, int first, int count, std::size_t bytes) {
  std::string text;
  for (int i = first; i < first + count; ++i)
    text += "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c" + std::to_string(i) +
            "}\ndata: {fill: " + std::string(bytes, 'x') + "}\n";
  write_text(path, text);
}

TEST(DamagedStore, IsRefusedWithTheWayBackAndLeftAlone) {
  Home home;
  ASSERT_EQ(home.up().status, 0);
  write_config_maps(home.path() + "/maps.yaml", 0, 50, 2000);
  ASSERT_EQ(home.ask({"apply", "-f", home.path() + "/maps.yaml"}).status, 0);
  ASSERT_EQ(home.down().status, 0);
  const std::string store = home.data() + "/store.db";
  const std::string good = file_text(store);
  std::string damaged = good;
  for (std::size_t at = damaged.size() / 2; at < damaged.size() / 2 + 4096 && at < damaged.size(); ++at)
    damaged[at] = static_cast<char>(damaged[at] ^ 0x5a);
  write_text(store, damaged);
  const Said refused = home.up();
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.text, AllOf(HasSubstr(store), HasSubstr("restore")));
  EXPECT_EQ(file_text(store), damaged);
  EXPECT_NE(slipway({"get", "nodes", "--kubeconfig", home.data() + "/kubeconfig"}).status, 0);  // nothing serves
  write_text(store, good);                                                                      // the backup
  ASSERT_EQ(home.up().status, 0);
  EXPECT_EQ(home.ask({"get", "configmap/c49"}).status, 0);
}

TEST(FullDisk, IsCalledThatAtTheStart) {
  Home home;
  std::filesystem::create_directory(home.data());
  const Words small = in_mounts_of_its_own("mount -t tmpfs -o size=64k,mode=700 small " + home.data());
  if (small.empty()) GTEST_SKIP() << "this machine allows no mount namespaces";
  const Said said = home.up({}, small);
  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.text, AllOf(HasSubstr(home.data()), ::testing::ContainsRegex("disk is full|No space left")));
}

// The server ends rather than to serve what it cannot keep; with room again, everything acknowledged is there.
TEST(FullDisk, EndsTheServerAndLosesNothing) {
  Home home;
  std::filesystem::create_directory(home.data());
  const Words small = in_mounts_of_its_own("mount -t tmpfs -o size=4m,mode=700 small " + home.data());
  if (small.empty()) GTEST_SKIP() << "this machine allows no mount namespaces";
  // Everything in one mount namespace: fill, see it end, make room, start again, look.
  write_config_maps(home.path() + "/first.yaml", 0, 3, 1000);
  for (int i = 0; i < 12; ++i)
    write_config_maps(home.path() + "/many" + std::to_string(i) + ".yaml", 100 + i, 1, 900'000);
  write_text(home.path() + "/story.sh", R"(
S=$1 H=$2 D=$2/data
up() { "$S" up --detach --data-dir "$D" --port 0 --gateway-port 0 --no-prometheus; }
api() { "$S" "$@" --kubeconfig "$D/kubeconfig"; }
trap '"$S" down --data-dir "$D" >/dev/null 2>&1' EXIT
up || exit 10
api apply -f "$H/first.yaml" || exit 11
pid=$(sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' "$D/endpoints.json")
for f in "$H"/many*.yaml; do api apply -f "$f" && echo "kept $f"; done
n=0
until [ ! -e /proc/$pid ] || grep -q '^State:.*zombie' /proc/$pid/status; do n=$((n+1)); [ $n -lt 20000 ] || { echo "the server goes on"; exit 12; }; done
cat "$D/server.log"
# With both names given, the present options (users of other namespaces among them) are not said again.
mount -o remount,size=64m small "$D" || exit 13
up || exit 14
for n in 0 1 2; do api get configmap/c$n || exit 15; done
i=100
for f in "$H"/many?.yaml "$H"/many??.yaml; do i=$((100 + $(basename "$f" .yaml | tr -dc 0-9))); grep -q "kept $f" "$H/said" && { api get configmap/c$i || exit 16; }; done
"$S" down --data-dir "$D"
exit 0
)");
  Words words = small;
  words.insert(words.end(), {"sh", "-c", "sh \"$2/story.sh\" \"$1\" \"$2\" > \"$2/said\" 2>&1", "sh",
                             SLIPWAY_BUILD_DIR "/slipway", home.path()});
  const int status = run(words).status;
  const std::string said = file_text(home.path() + "/said");
  EXPECT_EQ(status, 0) << said;
  EXPECT_THAT(said, HasSubstr("the disk is full")) << said;
}

}  // namespace
}  // namespace slipway::machine
