// What a person does on a terminal: keys in the live picture, and answers to questions.
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "program.h"

namespace slipway::machine {
namespace {

using ::testing::HasSubstr;

// The program on a terminal of its own, with a person before it.
class Person {
 public:
  explicit Person(Words words) {
    words.insert(words.begin(), SLIPWAY_BUILD_DIR "/slipway");
    winsize size{.ws_row = 12, .ws_col = 120, .ws_xpixel = 0, .ws_ypixel = 0};
    child_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
    if (child_ == 0) start(words);
  }
  ~Person() {
    if (child_ > 0) ::kill(child_, SIGKILL), ::waitpid(child_, nullptr, 0);
    ::close(terminal_);
  }
  Person(const Person&) = delete;

  // Waits for it on the screen, from where the last text ended; false when it does not come.
  bool sees(const std::string& text) {
    for (;;) {
      if (const std::size_t at = screen_.find(text, seen_); at != std::string::npos)
        return seen_ = at + text.size(), true;
      if (!read_more()) return false;
    }
  }
  void types(const std::string& keys) {
    EXPECT_EQ(::write(terminal_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  // Its exit code; all that is left is on the screen.
  int end() {
    while (read_more()) {
    }
    int status = 0;
    ::waitpid(std::exchange(child_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  const std::string& screen() const { return screen_; }

 private:
  [[noreturn]] static void start(const Words& words) {
    ::setenv("TERM", "xterm", 1);
    for (const char* name : {"CI", "ACCESSIBLE", "NO_COLOR"}) ::unsetenv(name);
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }

  bool read_more() {
    constexpr int kPatience = 60'000;
    pollfd from{.fd = terminal_, .events = POLLIN, .revents = 0};
    char text[4096];
    if (::poll(&from, 1, kPatience) != 1) return false;
    const ssize_t got = ::read(terminal_, text, sizeof text);
    if (got > 0) screen_.append(text, static_cast<std::size_t>(got));
    return got > 0;
  }

  int terminal_ = -1;
  pid_t child_ = -1;
  std::string screen_;
  std::size_t seen_ = 0;
};

constexpr const char* kRelease = R"(apiVersion: slipway.dev/v1alpha1
kind: Release
metadata: {name: web, namespace: shop}
spec:
  target: {name: web}
  traffic: {route: web, service: web}
  strategy: {canary: {steps: [{weight: 5}, {pause: {}}, {weight: 50}, {pause: {}}]}}
)";

// A modelled cluster with a release that waits at its second step.
class OnATerminal : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(home_.up({"--modelled"}).status, 0);
    ASSERT_EQ(home_.ask({"apply", "-f", SLIPWAY_SOURCE_DIR "/examples/shop/app.yaml"}).status, 0);
    write_text(home_.path() + "/release.yaml", kRelease);
    ASSERT_EQ(home_.ask({"apply", "-f", home_.path() + "/release.yaml"}).status, 0);
    ASSERT_EQ(home_.ask({"status", "web", "-n", "shop", "--until", "healthy", "--timeout", "2m"}).status, 0);
    const Said paused =
        home_.ask({"deploy", "web", "-n", "shop", "--image", "shop/web:v2", "--until", "paused", "--timeout", "2m"});
    ASSERT_EQ(paused.status, 0) << paused.text;
  }
  Words with_cluster(Words words) const {
    words.insert(words.end(), {"-n", "shop", "--kubeconfig", home_.data() + "/kubeconfig"});
    return words;
  }

  Home home_;
};

TEST_F(OnATerminal, KeysPromoteAndAbort) {
  Person person(with_cluster({"watch", "web"}));
  ASSERT_TRUE(person.sees("p promote   a abort   z pause")) << person.screen();
  EXPECT_THAT(person.screen(), HasSubstr(" lines more")) << "the terminal has twelve rows";
  person.types("p");
  ASSERT_TRUE(person.sees("on with step 3, weight 50 %  [y/N]")) << person.screen();
  person.types("y");
  ASSERT_TRUE(person.sees("promote accepted")) << person.screen();
  ASSERT_TRUE(person.sees("step 4/4")) << person.screen();
  person.types("z");
  ASSERT_TRUE(person.sees("z resume")) << person.screen();
  person.types("z");
  ASSERT_TRUE(person.sees("p promote")) << person.screen();
  person.types("a");
  ASSERT_TRUE(person.sees("traffic goes back to 1  [y/N]")) << person.screen();
  person.types("n");
  ASSERT_TRUE(person.sees("a abort")) << person.screen();
  person.types("a");
  ASSERT_TRUE(person.sees("[y/N]")) << person.screen();
  person.types("y");
  EXPECT_EQ(person.end(), 3) << person.screen();
}

TEST_F(OnATerminal, LeavingChangesNothing) {
  Person person(with_cluster({"watch", "web"}));
  ASSERT_TRUE(person.sees("q leave (release goes on)")) << person.screen();
  person.types("q");
  EXPECT_EQ(person.end(), 130) << person.screen();
  EXPECT_THAT(home_.ask({"status", "web", "-n", "shop"}).text, HasSubstr("step 2/4"));
}

TEST_F(OnATerminal, AllAtOnceIsAskedFirst) {
  const char* question = "switch 100 % of the traffic from 1 (web=shop/web:v1) to 2 (web=shop/web:v2)? [y/N]";
  {
    Person person(with_cluster({"promote", "web", "--full"}));
    ASSERT_TRUE(person.sees("skips 2 approvals")) << person.screen();
    ASSERT_TRUE(person.sees(question)) << person.screen();
    person.types("\n");
    EXPECT_EQ(person.end(), 2) << person.screen();
    EXPECT_THAT(person.screen(), HasSubstr("nothing was changed"));
  }
  Person person(with_cluster({"promote", "web", "--full"}));
  ASSERT_TRUE(person.sees(question)) << person.screen();
  person.types("y\n");
  EXPECT_EQ(person.end(), 0) << person.screen();
  EXPECT_EQ(home_.ask({"status", "web", "-n", "shop", "--until", "healthy", "--timeout", "2m"}).status, 0);
}

}  // namespace
}  // namespace slipway::machine
