//! Maps: a transform's columns and a model's predictions, chunk by chunk.

use refrain_domain::{Chunk, Digest, Role, Schema};

use super::{Call, UnitResult, params};
use crate::unit::Component;

impl Call<'_> {
    pub(super) fn apply(
        &self,
        component: &Component,
        input: &Schema,
        chunk: &Chunk,
        computed: &Schema,
        state: Option<&Digest>,
    ) -> UnitResult {
        let batch = self.executor.batch(input, chunk)?;
        let state = self.optional_bytes(state)?;
        let mut instance = self.plugin(component)?.transform(&self.context(component))?;
        instance.apply_start(&params(component), input, &state)?;
        let made = instance.apply(&batch, computed)?;
        self.executor.chunk(made, computed, &instance.usage())
    }

    pub(super) fn predict(
        &self,
        component: &Component,
        input: &Schema,
        chunk: &Chunk,
        prediction: &Schema,
        model: &Digest,
    ) -> UnitResult {
        let batch = self.executor.batch(input, chunk)?;
        let model = self.bytes(model)?;
        let plugin = self.plugin(component)?;
        let context = self.context(component);
        let (made, usage) = if component.world.role == Role::Predictor {
            let mut instance = plugin.predictor(&context)?;
            instance.predict_start(&params(component), input, &model)?;
            (instance.predict(&batch, prediction)?, instance.usage())
        } else {
            let mut instance = plugin.trainer(&context)?;
            instance.predict_start(input, &model)?;
            (instance.predict(&batch, prediction)?, instance.usage())
        };
        self.executor.chunk(made, prediction, &usage)
    }
}
