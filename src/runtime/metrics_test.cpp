#include "runtime/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace slipway::runtime {
namespace {

TEST(Metrics, PrintsAllTypesInNameOrder) {
  Metrics metrics;
  metrics.gauge("b_gauge", "A gauge.").with({}).set(2.5);
  metrics.counter("a_total", "Counts\nlines.", {"route", "code"}).with({"shop/web", "200"}).add(3);
  auto& histogram = metrics.histogram("c_seconds", "Time.", {"v"}, {0.1, 1}).with({"x"});
  histogram.observe(0.1);
  histogram.observe(0.5);
  histogram.observe(7);
  EXPECT_EQ(metrics.text(),
            "# HELP a_total Counts\\nlines.\n# TYPE a_total counter\na_total{route=\"shop/web\",code=\"200\"} 3\n"
            "# HELP b_gauge A gauge.\n# TYPE b_gauge gauge\nb_gauge 2.5\n"
            "# HELP c_seconds Time.\n# TYPE c_seconds histogram\n"
            "c_seconds_bucket{v=\"x\",le=\"0.1\"} 1\nc_seconds_bucket{v=\"x\",le=\"1\"} 2\n"
            "c_seconds_bucket{v=\"x\",le=\"+Inf\"} 3\nc_seconds_sum{v=\"x\"} 7.6\nc_seconds_count{v=\"x\"} 3\n");
}

TEST(Metrics, LabelValuesCannotBreakALine) {
  Metrics metrics;
  metrics.counter("x_total", "", {"l"}).with({"a\"} 1\n\\"}).add();
  EXPECT_NE(metrics.text().find("x_total{l=\"a\\\"} 1\\n\\\\\"} 1\n"), std::string::npos);
}

TEST(Metrics, SeriesAreBounded) {
  Metrics metrics;
  auto& family = metrics.counter("x_total", "", {"l"});
  for (std::size_t i = 0; i < kMaxSeries + 100; ++i) family.with({std::to_string(i)}).add();
  EXPECT_EQ(family.with({"other"}).value(), 100u);
  EXPECT_EQ(family.with({"5"}).value(), 1u);
}

TEST(Metrics, SeriesOfOneLabelGoTogether) {
  Metrics metrics;
  auto& family = metrics.counter("x_total", "", {"space", "l"});
  family.with({"a", "1"}).add(1);
  family.with({"a", "2"}).add(2);
  family.with({"b", "1"}).add(3);
  family.remove_where("space", "a");
  EXPECT_EQ(metrics.text(), "# HELP x_total \n# TYPE x_total counter\nx_total{space=\"b\",l=\"1\"} 3\n");
}

TEST(Metrics, SourcesAreAskedForEachTextUntilTheyAreRemoved) {
  struct Source final : MetricSource {
    void write(std::string& out) const override { out += "y 1\n"; }
  } source;
  Metrics metrics;
  metrics.add_source(source);
  EXPECT_EQ(metrics.text(), "y 1\n");
  EXPECT_EQ(metrics.text(), "y 1\n");
  metrics.remove_source(source);
  EXPECT_EQ(metrics.text(), "");
}

TEST(Metrics, SameNameIsTheSameFamily) {
  Metrics metrics;
  EXPECT_EQ(&metrics.counter("x", "", {"a"}), &metrics.counter("x", "", {"a"}));
  EXPECT_DEATH(metrics.gauge("x", "", {"a"}), "");
  EXPECT_DEATH(metrics.counter("x", "", {"b"}), "");
}

TEST(Metrics, ThreadsCountTogether) {
  Metrics metrics;
  auto& counter = metrics.counter("x", "").with({});
  auto& histogram = metrics.histogram("h", "").with({});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10000; ++i) counter.add(), histogram.observe(0.5);
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(counter.value(), 40000u);
  EXPECT_EQ(histogram.count(), 40000u);
  EXPECT_DOUBLE_EQ(histogram.sum(), 20000);
}

}  // namespace
}  // namespace slipway::runtime
