//! The months of one person, day by day.

use rand::{Rng, SeedableRng, rngs::ChaCha8Rng};
use serde_json::{Value, json};

use crate::{
    domain::{
        ActionUrl, Activity, ActivityType, Analytics, Counter, Cursor, Day, History, Hours, Item, ItemId,
        JsonData, Notification, NotificationType, Text, Timestamp, Title, UserId, WeeklyEntry,
    },
    store::Record,
};

use super::{
    plan::Seed,
    tracks::{PEOPLE, TRACKS, Track},
};

/// How many days ago a notification was sent at most. They live for 30.
const NOTIFIED: u64 = 25;
const MINUTE: i64 = 60_000;

/// A person of the demo.
pub(super) struct Person {
    pub(super) user: UserId,
    /// Activities and notifications, each in order of time, then the analytics.
    pub(super) records: Vec<Record>,
}

/// Makes person `index`. It depends on the seed, the day and the index alone.
pub(super) fn make(seed: Seed, index: u32, start: Cursor) -> Person {
    let mut life = Life::new(seed, index, start);
    let began = life.dice.between(75, 200);
    for ago in (1..=began).rev() {
        life.live(seed.today.minus_days(ago), ago);
    }
    life.finish()
}

/// Numbers that are the same on every machine and with every version of a library: ChaCha is a standard, and what is
/// made of its words is written here.
struct Dice(ChaCha8Rng);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        (u64::from(self.0.next_u32()) * end) >> 32
    }

    /// Both included.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }
}

/// How the months end.
#[derive(Clone, Copy)]
enum Ending {
    /// Learned every day.
    Running,
    /// Stopped.
    Lapsed,
    /// As before.
    Usual,
}

/// A person while the months go by.
struct Life {
    dice: Dice,
    user: UserId,
    track: &'static Track,
    cursor: Cursor,
    /// The middle of their ids, and how many there are.
    mark: [u8; 5],
    ids: u32,
    /// Chance of learning on a working day, in hundredths: theirs, and that of the weeks they are in.
    diligence: u64,
    mood: u64,
    /// How the last days went, and how many they are.
    ending: Ending,
    turn: u64,
    record: Analytics,
    history: History,
    activities: Vec<Record>,
    notifications: Vec<Record>,
    days_learned: u64,
}

impl Life {
    fn new(seed: Seed, index: u32, cursor: Cursor) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.seed.to_le_bytes());
        key[8..12].copy_from_slice(&index.to_le_bytes());
        let mut dice = Dice(ChaCha8Rng::from_seed(key));
        let name = PEOPLE
            .get(index as usize)
            .map_or_else(|| format!("user-{}", index + 1), |name| (*name).to_owned());
        let user = UserId::trusted(name);
        let mut mark = [0; 5];
        dice.0.fill_bytes(&mut mark);
        let diligence = dice.between(35, 85);
        Self {
            track: dice.pick(&TRACKS),
            turn: dice.between(3, 20),
            ending: *dice.pick(&[Ending::Running, Ending::Running, Ending::Lapsed, Ending::Usual]),
            mood: diligence,
            record: Analytics::empty(user.clone(), seed.today.start(), cursor),
            history: History::default(),
            activities: Vec::new(),
            notifications: Vec::new(),
            days_learned: 0,
            ids: 0,
            dice,
            user,
            cursor,
            mark,
            diligence,
        }
    }

    /// One day, `ago` days before today.
    fn live(&mut self, day: Day, ago: u64) {
        // Every few weeks they are more or less eager; at their best they hardly miss a day.
        if ago.is_multiple_of(18) {
            self.mood = (self.diligence + self.dice.between(0, 70)).saturating_sub(25).clamp(15, 98);
        }
        let weekend = day.weekday() >= 5 && self.mood < 90;
        let usual = if weekend { self.mood * 6 / 10 } else { self.mood };
        let chance = match self.ending {
            Ending::Running if ago <= self.turn => 100,
            Ending::Lapsed if ago <= self.turn => 0,
            _ => usual,
        };
        // People get up between five and ten.
        let mut time =
            Timestamp::from_millis(day.start().millis() + self.dice.between(300, 600) as i64 * MINUTE);
        let learns = self.dice.percent(chance);
        if learns || self.dice.percent(12) {
            let device = *self.dice.pick(&["laptop", "phone", "tablet"]);
            self.act(ActivityType::Login, &mut time, ago, "Signed in", None, json!({"device": device}));
        }
        if day.weekday() == 0 && self.days_learned > 0 {
            let data = json!({"template": "weekly_summary", "week": day.minus_days(7).to_string()});
            let text = "How the last week went, and what comes next";
            self.act(ActivityType::EmailSent, &mut time, ago, "Weekly summary sent", Some(text.into()), data);
        }
        if learns {
            self.learn(day, ago, &mut time);
        } else {
            self.record.current_streak = Counter::default();
            if ago <= NOTIFIED && self.dice.percent(25) {
                let text = format!("A short lesson in {} keeps it fresh", self.track.name);
                self.notify(
                    NotificationType::Reminder,
                    time,
                    ago,
                    "Time to learn something?",
                    text,
                    "/#create",
                );
            }
        }
        if ago <= NOTIFIED {
            self.hear_from_others(time, ago);
        }
    }

    /// A day of learning: logs whose hours are the hours of the day, and what comes of it.
    fn learn(&mut self, day: Day, ago: u64, time: &mut Timestamp) {
        self.days_learned += 1;
        for _ in 0..self.dice.between(1, 3) {
            let quarters = self.dice.between(1, 8);
            let lesson = *self.dice.pick(&self.track.lessons);
            let hours = Hours::from_nanos(quarters as i64 * (Hours::DAY.nanos() / 96));
            let data = json!({"topic": self.track.name, "lesson": lesson, "hours": hours});
            *time = Timestamp::from_millis(time.millis() + quarters as i64 * 15 * MINUTE);
            let text = format!("{} of {lesson}, with notes and exercises", spoken(quarters));
            self.act(
                ActivityType::LogCreated,
                time,
                ago,
                &format!("Learned about {lesson}"),
                Some(text),
                data,
            );
            let logs = plus_one(Counter::default());
            // Three logs of two hours at most: a day never has more than 24.
            let _ = self.history.add_day(WeeklyEntry { date: day, hours, logs });
            self.record.logs_created = plus_one(self.record.logs_created);
            let sum = self.record.total_learning_hours.checked_add(hours);
            self.record.total_learning_hours = sum.unwrap_or(Hours::MAX_TOTAL);
        }
        self.record.current_streak = plus_one(self.record.current_streak);
        self.record.longest_streak = self.record.longest_streak.max(self.record.current_streak);
        self.reach(ago, time);
        self.record.updated_at = *time;
    }

    /// What a day of learning leads to: goals, skills, projects.
    fn reach(&mut self, ago: u64, time: &mut Timestamp) {
        let streak = self.record.current_streak.get();
        if self.days_learned % 20 == 3 || matches!(streak, 7 | 14 | 30) {
            let (title, data) = if matches!(streak, 7 | 14 | 30) {
                (format!("{streak} days in a row"), json!({"goal": "streak", "days": streak}))
            } else {
                let days = self.days_learned;
                (format!("Learned on {days} days"), json!({"goal": "days", "days": days}))
            };
            let text = Some(format!("A goal in {} is reached", self.track.name));
            self.act(ActivityType::GoalCompleted, time, ago, &title, text, data);
            self.record.goals_completed = plus_one(self.record.goals_completed);
            let message = format!("You reached a goal: {title}. Well done!");
            self.notify(NotificationType::Achievement, *time, ago, &title, message, "/#feed");
        }
        let skills = self.record.skills_added.get() as usize;
        if self.days_learned % 9 == 5 && skills < self.track.skills.len() {
            let skill = self.track.skills[skills];
            let level = *self.dice.pick(&["beginner", "intermediate", "advanced"]);
            let text = Some(format!("{skill} is on the profile now"));
            let data = json!({"skill": skill, "level": level});
            self.act(ActivityType::SkillAdded, time, ago, &format!("New skill: {skill}"), text, data);
            self.record.skills_added = plus_one(self.record.skills_added);
        }
        if self.days_learned % 14 == 6 {
            let project = *self.dice.pick(&self.track.projects);
            let text = Some(format!("Added {project} with screenshots and a link"));
            let data = json!({"section": "projects", "project": project});
            self.act(ActivityType::PortfolioUpdated, time, ago, "Portfolio updated", text, data);
        }
        if self.days_learned.is_multiple_of(10) {
            let hours = self.record.total_learning_hours;
            let message = format!("You have learned for {hours} hours so far");
            let title = format!("{} learning days", self.days_learned);
            self.notify(NotificationType::Milestone, *time, ago, &title, message, "/#progress");
        }
    }

    fn hear_from_others(&mut self, time: Timestamp, ago: u64) {
        if self.dice.percent(20) {
            let other = *self.dice.pick(&PEOPLE);
            if other != self.user.as_str() {
                let (title, did) = *self.dice.pick(&[
                    ("New follower", "follows you now"),
                    ("A comment on your portfolio", "wrote a comment on your portfolio"),
                    ("Somebody likes your log", "likes what you wrote"),
                ]);
                let message = format!("{other} {did}");
                self.notify(NotificationType::Social, time, ago, title, message, "/#leaders");
            }
        }
        if ago == 10 {
            let message = "The dashboard shows your activities as they happen, on every device";
            self.notify(
                NotificationType::System,
                time,
                ago,
                "Live updates are here",
                message.into(),
                "/#feed",
            );
        }
    }

    fn act(
        &mut self,
        kind: ActivityType,
        time: &mut Timestamp,
        ago: u64,
        title: &str,
        description: Option<String>,
        data: Value,
    ) {
        *time = self.tick(*time);
        let item = Activity {
            id: self.id(*time),
            user: self.user.clone(),
            kind,
            title: Title::trusted(title.to_owned()),
            description: description.map(Text::trusted),
            data: JsonData::parse("data", &data).ok(),
            timestamp: *time,
            read: ago > 4 || self.dice.percent(50),
            cursor: self.cursor,
        };
        self.activities.push(Record::Item { item: Item::Activity(item.into()), ordered_at: *time });
    }

    fn notify(
        &mut self,
        kind: NotificationType,
        time: Timestamp,
        ago: u64,
        title: &str,
        message: String,
        leads_to: &str,
    ) {
        if ago > NOTIFIED {
            return;
        }
        let time = self.tick(time);
        let item = Notification {
            id: self.id(time),
            user: self.user.clone(),
            kind,
            title: Title::trusted(title.to_owned()),
            message: Text::trusted(message),
            read: ago > 12 || (ago > 3 && self.dice.percent(60)),
            action_url: Some(ActionUrl::trusted(leads_to.to_owned())),
            created_at: time,
            expires_at: time.plus_days(30),
            cursor: self.cursor,
        };
        self.notifications.push(Record::Item { item: Item::Notification(item.into()), ordered_at: time });
    }

    /// Some seconds later.
    fn tick(&mut self, time: Timestamp) -> Timestamp {
        Timestamp::from_millis(time.millis() + self.dice.between(5_000, 90_000) as i64)
    }

    fn id(&mut self, time: Timestamp) -> ItemId {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&((time.millis() / 1000) as u32).to_be_bytes());
        bytes[4..9].copy_from_slice(&self.mark);
        bytes[9..].copy_from_slice(&self.ids.to_be_bytes()[1..]);
        self.ids += 1;
        ItemId::from_bytes(bytes)
    }

    fn finish(mut self) -> Person {
        // The logs of some months are far below the bound of a counter.
        let days = self.history.show_in(&mut self.record).unwrap_or_default();
        let mut records = self.activities;
        records.append(&mut self.notifications);
        records.push(Record::Analytics { record: self.record.into(), days });
        Person { user: self.user, records }
    }
}

fn plus_one(counter: Counter) -> Counter {
    Counter::parse("count", i64::from(counter.get()) + 1).unwrap_or(counter)
}

/// Quarters of an hour, as people say it.
fn spoken(quarters: u64) -> String {
    match quarters {
        4 => "An hour".to_owned(),
        quarters if quarters < 4 => format!("{} minutes", quarters * 15),
        quarters => format!("{} hours", quarters as f64 / 4.0),
    }
}
