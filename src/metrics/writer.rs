//! Writer of the families of a scrape, one after the other.

use super::{Distribution, families::Family};
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, MetricEncoder, NoLabelSet,
};
use std::fmt::Result;

/// Writes families one after the other.
pub struct Writer<'a>(pub DescriptorEncoder<'a>);

impl Writer<'_> {
    pub fn labelled(
        &mut self,
        family: &'static Family,
        encode: impl FnOnce(&mut MetricEncoder) -> Result,
    ) -> Result {
        let mut metric = self
            .0
            .encode_descriptor(family.name, family.help, None, family.kind)?;
        encode(&mut metric)
    }

    pub fn gauge(&mut self, family: &'static Family, value: &impl EncodeGaugeValue) -> Result {
        self.labelled(family, |metric| metric.encode_gauge(value))
    }

    pub fn counter(&mut self, family: &'static Family, value: u64) -> Result {
        self.labelled(family, |metric| total(metric, value))
    }

    pub fn distribution(&mut self, family: &'static Family, values: &Distribution) -> Result {
        self.labelled(family, |metric| histogram(metric, values))
    }
}

/// Writes a counter of a family that has labels.
pub fn count(family: &mut MetricEncoder, labels: &impl EncodeLabelSet, value: u64) -> Result {
    total(&mut family.encode_family(labels)?, value)
}

/// Writes a distribution of a family that has labels.
pub fn distribute(
    family: &mut MetricEncoder,
    labels: &impl EncodeLabelSet,
    values: &Distribution,
) -> Result {
    histogram(&mut family.encode_family(labels)?, values)
}

fn total(metric: &mut MetricEncoder, value: u64) -> Result {
    metric.encode_counter::<NoLabelSet, _, f64>(&value, None)
}

fn histogram(metric: &mut MetricEncoder, values: &Distribution) -> Result {
    let read = values.read();
    metric.encode_histogram::<NoLabelSet>(read.sum, read.count, &read.buckets, None)
}
