//! What articles are cleaned and judged with: the files that a configuration names for it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use pipeline::{Cleaner, Knowledge, Model, Rules, load_knowledge};
use sha2::Digest;
use toml::Spanned;

use super::{
    super::{Problem, problem::Source, raw::RawClean},
    Check,
};
use crate::topic::{Topic, TopicError};

impl Check {
    /// The cleaner with the user's own rules.
    pub(super) fn cleaner(
        &mut self,
        path: &Path,
        folder: &Path,
        raw: &RawClean,
    ) -> Option<Cleaner> {
        let mut rules = Rules::default();
        for named in &raw.boilerplate {
            let file = folder.join(named.get_ref());
            let table = match fs::read_to_string(&file) {
                Ok(table) => table,
                Err(error) => {
                    let message = format!("cannot read `{}`: {error}", file.display());
                    self.at(path, &named.span(), message);
                    continue;
                }
            };
            self.hash.update(&table);
            self.tables.push(file.clone());
            if let Err(error) = rules.add(&table) {
                let source = Source::line(&file, error.line);
                self.problems.push(Problem::new(source, error.what));
            }
        }
        match Cleaner::with(&rules) {
            Ok(cleaner) => Some(cleaner),
            Err(error) => {
                let problem = Problem::new(Source::whole(path), error.to_string());
                self.problems.push(problem);
                None
            }
        }
    }

    pub(super) fn topic(
        &mut self,
        path: &Path,
        folder: &Path,
        named: Option<&Spanned<String>>,
    ) -> Topic {
        let Some(named) = named else {
            return Topic::default();
        };
        let file = folder.join(named.get_ref());
        self.tables.push(file.clone());
        Topic::read(&file).unwrap_or_else(|error| {
            self.at(path, &named.span(), error.to_string());
            Topic::default()
        })
    }

    pub(super) fn model(
        &mut self,
        path: &Path,
        topic: &Topic,
        knowledge: &Knowledge,
    ) -> Option<Arc<Model>> {
        self.tables.extend(topic.model.clone());
        match topic.load_model(knowledge) {
            Ok(model) => Some(model),
            Err(error) => {
                let named = [&topic.model, &topic.file].into_iter().flatten().next();
                let source = Source::whole(named.map_or(path, PathBuf::as_path));
                let why = match error {
                    TopicError::Model(error) => error.to_string(),
                    error => error.to_string(),
                };
                self.problems.push(Problem::new(source, why));
                None
            }
        }
    }

    pub(super) fn knowledge(
        &mut self,
        path: &Path,
        folder: &Path,
        named: Option<&Spanned<String>>,
        topic: &Topic,
    ) -> Option<Arc<Knowledge>> {
        let knowledge_folder = named
            .map(|named| folder.join(named.get_ref()))
            .or_else(|| topic.knowledge.clone());
        if let (Some(named), Some(knowledge_folder)) = (named, &knowledge_folder)
            && !knowledge_folder.is_dir()
        {
            let message = format!("`{}` is not a folder", knowledge_folder.display());
            self.at(path, &named.span(), message);
            return None;
        }
        if let Some(Ok(files)) = knowledge_folder.as_ref().map(fs::read_dir) {
            let files = files.flatten().map(|file| file.path());
            let is_table = |file: &PathBuf| file.extension().is_some_and(|kind| kind == "tsv");
            self.tables.extend(files.filter(is_table));
        }
        match load_knowledge(knowledge_folder.as_deref()) {
            Ok(knowledge) => Some(knowledge),
            Err(errors) => {
                let source = Source::whole(knowledge_folder.as_deref().unwrap_or(path));
                let problems = errors
                    .iter()
                    .map(|error| Problem::new(source.clone(), error.to_string()));
                self.problems.extend(problems);
                None
            }
        }
    }
}
